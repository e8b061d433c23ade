package dev.holdfast.doctor;

/**
 * The kinds of findings, with stable codes. docs/doctor.md has a section for each, with symptom,
 * cause and remedy.
 */
public enum FindingCode {
  UNREACHABLE("HF-501", Severity.PROBLEM, "No connection to the server"),
  NOT_HTTP2("HF-502", Severity.PROBLEM, "Something other than HTTP/2 answers"),
  NO_SETTINGS("HF-503", Severity.PROBLEM, "The connection is accepted and nothing is said on it"),
  NO_ALPN("HF-504", Severity.PROBLEM, "TLS without h2 in ALPN"),
  TLS_FAILED("HF-505", Severity.PROBLEM, "The TLS handshake fails"),
  CALL_UNANSWERED("HF-506", Severity.PROBLEM, "HTTP/2 answers and calls do not"),
  SETTINGS_LATE("HF-507", Severity.PROBLEM, "HTTP/2 begins late"),
  IDLE_DROP("HF-510", Severity.PROBLEM, "The path forgets idle connections silently"),
  IDLE_RESET("HF-511", Severity.PROBLEM, "The path resets idle connections at the next packet"),
  IDLE_CLOSE("HF-512", Severity.PROBLEM, "Idle connections are closed"),
  IDLE_GOAWAY("HF-513", Severity.NOTE, "Idle connections are ended with a GOAWAY"),
  IDLE_HOP_ERROR("HF-514", Severity.PROBLEM, "After idle time a hop answers with errors"),
  HOP_ANSWERS_ALONE("HF-515", Severity.PROBLEM, "PINGs are answered where calls are not"),
  PINGS_DO_NOT_COUNT("HF-516", Severity.NOTE, "PINGs do not keep the connection alive"),
  STREAM_TIMEOUT("HF-520", Severity.PROBLEM, "Streams without traffic are ended"),
  PROXY("HF-521", Severity.NOTE, "A proxy ends HTTP/2 on the way"),
  STREAMS_UNTRIED("HF-522", Severity.NOTE, "Held streams could not be tried"),
  PINGS_PUNISHED("HF-530", Severity.NOTE, "The server punishes PINGs"),
  PERMIT_TOO_LONG("HF-531", Severity.PROBLEM, "The server forbids the PINGs that the path needs"),
  PEER_PINGS("HF-532", Severity.NOTE, "The other side sends PINGs itself"),
  UNSTEADY("HF-540", Severity.PROBLEM, "Connections end at no particular age"),
  NOTHING_FOUND("HF-541", Severity.NOTE, "Idle connections live as long as was waited"),
  CHECK_FAILED("HF-599", Severity.PROBLEM, "A check of the doctor itself failed");

  /** The severity of a kind of finding. */
  public enum Severity {
    /** Useful to know, but no problem. */
    NOTE,
    /** Something will break: the program ends with 1. */
    PROBLEM
  }

  private final String code;
  private final Severity severity;
  private final String title;

  FindingCode(String code, Severity severity, String title) {
    this.code = code;
    this.severity = severity;
    this.title = title;
  }

  /** The stable code, such as {@code HF-510}. */
  public String code() {
    return code;
  }

  /** The severity of findings of this kind. */
  public Severity severity() {
    return severity;
  }

  /** The heading of its section in the documents. */
  public String title() {
    return title;
  }
}
