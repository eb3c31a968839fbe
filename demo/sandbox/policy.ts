/**
 * What the Workers of the sandbox may do, on top of the page's policy, which they inherit as well:
 * run scripts that they hold already, and nothing else.
 */
export const sandboxPolicy = "default-src 'none'; script-src blob:; worker-src blob:";
