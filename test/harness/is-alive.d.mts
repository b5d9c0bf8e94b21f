/** Whether a process exists, of another user too. */
export declare function isAlive(pid: number): boolean;
