package dev.holdfast.liveness;

/** The end of the connection that this side is; it decides what a probe may cost. */
public enum ConnectionRole {
  /** We opened the connection. The peer may punish PINGs that it did not expect. */
  CLIENT,
  /** We accepted the connection. No known gRPC client punishes PINGs. */
  SERVER
}
