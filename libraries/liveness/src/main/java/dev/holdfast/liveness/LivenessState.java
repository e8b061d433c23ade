package dev.holdfast.liveness;

/**
 * The state of a connection, as judged by its {@link LivenessMonitor}.
 *
 * <p>States and what the inputs do (a dash changes no state):
 *
 * <pre>
 *          settings bytes    answer  trouble/ACK      prove     race  timeout           closed
 * OPENING  LIVE     -        -       -                -         -     CLOSED            CLOSED
 * LIVE     -        -        -       SUSPECT / -      PROBING*  -     PROBING, SUSPECT' CLOSED
 * PROBING  -        LIVE     -       SUSPECT / LIVE** SUSPECT** -     - or SUSPECT      CLOSED
 * SUSPECT  -        LIVE***  -       - / LIVE**       -         -     - or CLOSED       CLOSED
 * CLOSED   -        -        -       -                -         -     -                 -
 * </pre>
 *
 * <p>* stays LIVE when the peer spoke lately, SUSPECT when nothing can be asked. ** LIVE only when
 * no PING is unanswered, so that the ACK is the answer; SUSPECT when the question is old already.
 * *** only by HEADERS and DATA when a hop answers alone, which is also what ' is.
 */
enum LivenessState {
  /** The connection is being opened; the peer's SETTINGS have not arrived. */
  OPENING(0),
  /** The peer sent something recently, or was not asked. */
  LIVE(1),
  /** A sign of life was requested, and its deadline has not passed. */
  PROBING(2),
  /** The peer owes an answer: new calls go elsewhere, and a replacement may race. */
  SUSPECT(3),
  /** The connection is closed, or must be. */
  CLOSED(4);

  private final int code;

  LivenessState(int code) {
    this.code = code;
  }

  /** The value that meters and logs show; it never changes its meaning. */
  int code() {
    return code;
  }
}
