/** Fields that many forms have. All are parts of the path. */
export const nameField = { name: 'name', title: 'Name', inPath: true } as const;
export const userField = { name: 'user', title: 'User', inPath: true } as const;
export const vhostField = {
  name: 'vhost', title: 'Virtual host', initial: '/', inPath: true,
} as const;
