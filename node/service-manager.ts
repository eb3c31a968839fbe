import { spawn } from 'node:child_process';

/**
 * Tells systemd how the gateway fares, where that waits for it: a service of `Type=notify`. Node
 * has no datagrams of unix sockets, so a program of systemd's sends them.
 */
export function tellServiceManager(...words: readonly string[]): void {
  if ((process.env['NOTIFY_SOCKET'] ?? '') === '') return;
  const parameters = [`--pid=${process.pid}`, ...words];
  const child = spawn('systemd-notify', parameters, { stdio: 'ignore' });
  child.on('error', (error) => {
    process.stderr.write(`systemd waits in vain: systemd-notify failed: ${error.message}\n`);
  });
}
