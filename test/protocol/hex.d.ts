/** A recording as text: the test runner reads it, in Node and in a browser. */
declare module '*.hex?raw' {
  const text: string;
  export default text;
}
