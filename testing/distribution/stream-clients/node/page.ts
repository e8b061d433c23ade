import { SocketStream } from 'holdfast-streams/browser';
export type Opened = InstanceType<typeof SocketStream>;
// @ts-expect-error the declarations are there: no such member.
export type Missing = Opened['missing'];
