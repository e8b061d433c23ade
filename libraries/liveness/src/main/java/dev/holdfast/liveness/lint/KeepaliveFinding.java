package dev.holdfast.liveness.lint;

/**
 * A fault in keepalive settings, with its fix.
 *
 * @param code the kind of fault; stable
 * @param sentence the consequence, with its numbers
 * @param fix the setting that corrects the fault
 */
public record KeepaliveFinding(KeepaliveFindingCode code, String sentence, String fix) {

  /** The kinds of faults. The codes are stable, so that scripts can match them. */
  public enum KeepaliveFindingCode {
    /** The client's PINGs come faster than the server permits. */
    PING_TOO_OFTEN("KL-01"),
    /** The client pings without calls, and the server permits that only every two hours. */
    PING_WITHOUT_CALLS("KL-02"),
    /** No PING is frequent enough for the path. */
    PATH_IDLES_OUT("KL-03"),
    /** Held streams are kept, but the connection idles out between calls. */
    IDLE_BETWEEN_CALLS("KL-04"),
    /** The permit is not shorter than the path's idle timeout. */
    PERMIT_TOO_LONG("KL-05"),
    /** C-core stops pinging after two PINGs without data. */
    C_CORE_THROTTLE("KL-06"),
    /** A hop answers PINGs itself: only DATA keeps a stream. */
    STREAM_NEEDS_HEARTBEAT("KL-07"),
    /** A single late answer closes the connection. */
    TIMEOUT_SHORT("KL-08"),
    /** A time is below what its library allows. */
    BELOW_FLOOR("KL-09");

    private final String text;

    KeepaliveFindingCode(String text) {
      this.text = text;
    }

    /** The printed form of the code, such as {@code KL-01}. */
    public String text() {
      return text;
    }
  }

  @Override
  public String toString() {
    return code.text() + " " + sentence + " Fix: " + fix;
  }
}
