package dev.holdfast.liveness;

/** Which end of the connection we are; it decides what a probe may cost. */
public enum Role {
  /** We opened the connection. The peer may punish PINGs that it did not expect. */
  CLIENT,
  /** We accepted the connection. No known gRPC client punishes PINGs. */
  SERVER
}
