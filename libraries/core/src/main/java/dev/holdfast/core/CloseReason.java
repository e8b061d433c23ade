package dev.holdfast.core;

import java.util.Optional;
import java.util.stream.Stream;

/**
 * The reason why a connection, stream or call ended or could not begin. Logs, meters, status texts
 * and both sides of a connection share its code.
 *
 * <p>The code is stable: people search for it, and alerts match it.
 */
public enum CloseReason {
  NO_ENDPOINTS_YET("HF-201", "No list of endpoints has been received from the registry so far."),
  NO_ENDPOINTS("HF-202", "The registry knows of no endpoint of this service."),
  NONE_ELIGIBLE("HF-203", "Every endpoint of this service is draining or not ready."),
  REGISTRATION_CONFLICT("HF-301", "Another process announced itself at the same address."),
  REGISTRATION_UNSUPPORTED("HF-302", "The registry can't be written to."),
  NO_SETTINGS("HF-401", "The peer accepted the connection and sent no HTTP/2 SETTINGS in time."),
  PROOF_MISSED("HF-402", "The connection was quiet for long and did not answer when asked."),
  PROBE_MISSED("HF-403", "The peer was silent and did not answer a probe in time."),
  DATA_UNACKED("HF-404", "The peer's machine acknowledged nothing of what was sent."),
  PEER_SILENT("HF-405", "The peer answered no probe and acknowledged nothing for the window."),
  PEER_STUCK("HF-406", "The peer's machine acknowledged, but the peer answered nothing for long."),
  PATH_DOWN("HF-407", "The peer was silent and no new connection to it came about either."),
  HOP_ANSWERS_ALONE(
      "HF-408", "A hop on the path answered probes, but nothing came from beyond it."),
  RESET_BY_PATH(
      "HF-409", "The connection was reset from outside: peer, load balancer or firewall."),
  CLOSED_BY_PEER("HF-410", "The peer closed the connection."),
  CLOSED_HERE("HF-411", "This side closed the connection."),
  DRAINING("HF-412", "The server stops, and ends its connections when their calls have ended."),
  MAX_AGE("HF-413", "The connection reached the age that its server permits."),
  MAX_IDLE("HF-414", "The connection had no call for as long as its server permits."),
  TOO_MANY_PINGS("HF-415", "The client sent more PINGs than its server permits.");

  /** The length of every code. */
  public static final int CODE_LENGTH = "HF-201".length();

  private static final String OF_CONNECTIONS = "HF-4";

  private final String code;
  private final String sentence;

  CloseReason(String code, String sentence) {
    this.code = code;
    this.sentence = sentence;
  }

  /** The stable code, such as {@code HF-201}. */
  public String code() {
    return code;
  }

  /** The reason of this code, as a peer may send it. */
  public static Optional<CloseReason> ofCode(String code) {
    return Stream.of(values()).filter(reason -> reason.code.equals(code)).findFirst();
  }

  /** Whether connections end for it, or become suspect. */
  public boolean endsConnections() {
    return code.startsWith(OF_CONNECTIONS);
  }

  /** The reason as an English sentence. */
  public String sentence() {
    return sentence;
  }

  /** The code, the sentence and the subject, for a status text: {@code HF-202 ... (orders)}. */
  public String describe(Object subject) {
    return code + " " + sentence + " (" + subject + ")";
  }
}
