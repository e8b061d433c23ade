export {
  type GatewayStatus,
  type LossKind,
  LostError,
  type StatusDetail,
  StreamError,
  type StreamPositions,
} from './errors.js';
export { EventStream } from './event-stream.js';
export type { EventStreamOptions, SocketStreamOptions, StreamOptions } from './options.js';
export { SocketStream, type StreamState } from './socket-stream.js';
