export { LostError, MovedError, StreamError, type Positions } from './errors.js';
export {
  ResumableClient,
  resumableMethods,
  type ResumableMethods,
  type ResumableOptions,
} from './grpc/resumable-client.js';
export type { ResumableStream, StreamOptions } from './grpc/resumable-stream.js';
export { BufferBudget } from './session/buffer-budget.js';
export type { SessionOptions } from './session/options.js';
export type { LossKind } from './session/outputs.js';
export type { SessionState } from './session/session-state.js';
