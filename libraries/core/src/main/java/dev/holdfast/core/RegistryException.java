package dev.holdfast.core;

import org.jspecify.annotations.Nullable;

/** The failure of a registry request. Programs branch on {@link #kind()}. */
public final class RegistryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The cause in one word. */
  public enum RegistryErrorKind {
    /**
     * The registry can't be reached, does not answer in time, or has no quorum: try again later.
     */
    UNAVAILABLE(true),
    /** The user name, password or client certificate was refused. */
    UNAUTHENTICATED(true),
    /** The user is known but may not do this. */
    PERMISSION_DENIED(true),
    /** The lease ran out or was revoked, and the record went with it. */
    LEASE_LOST(true),
    /** The record was deleted by somebody else. */
    RECORD_DELETED(true),
    /** Another process announced itself at the same address: the newer one keeps the record. */
    TAKEN_OVER(true),
    /** The store came back without its memory. */
    WIPED(true),
    /** The registry's answer is malformed or was not written by Holdfast. */
    MALFORMED(true),
    /** The registry does not support the operation. */
    UNSUPPORTED(false),
    /** The registry, or the handle to it, was closed by this process. */
    CLOSED(false);

    private final boolean retryable;

    RegistryErrorKind(boolean retryable) {
      this.retryable = retryable;
    }

    /** Whether the same request may succeed later without a change of this process. */
    public boolean isRetryable() {
      return retryable;
    }
  }

  private final RegistryErrorKind kind;

  public RegistryException(RegistryErrorKind registryErrorKind, String message) {
    this(registryErrorKind, message, null);
  }

  public RegistryException(
      RegistryErrorKind registryErrorKind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = registryErrorKind;
  }

  public RegistryErrorKind kind() {
    return kind;
  }
}
