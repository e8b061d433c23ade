package dev.holdfast.lab.kubernetes;

import dev.holdfast.core.JsonTextWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;

/** A fault that {@link ApiFaults} injects into a request. Immutable. */
public final class ApiFault {
  /** The kinds of faults of a request. */
  enum ApiFaultKind {
    /** The request gets a given HTTP response. */
    ANSWER,
    /** A watch begins well and its first event is an error. */
    ERROR_EVENT,
    /** The request is never answered, and its connection stays open. */
    HANG,
    /** The connection of the request is closed. */
    CUT
  }

  private static final String JSON = "application/json";
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String RETRY_AFTER = "Retry-After";

  private final ApiFaultKind kind;
  private final int code;
  private final String type;
  private final Map<String, String> headers;
  private final byte[] body;

  private ApiFault(
      ApiFaultKind apiFaultKind, int code, String type, Map<String, String> headers, String body) {
    this.kind = apiFaultKind;
    this.code = code;
    this.type = type;
    this.headers = headers;
    this.body = body.getBytes(StandardCharsets.UTF_8);
  }

  /** 429 as the server's flow control sends it: in plain words, no Status object. */
  public static ApiFault tooManyRequests(Duration retryAfter) {
    return new ApiFault(
        ApiFaultKind.ANSWER,
        429,
        TEXT,
        Map.of(RETRY_AFTER, Long.toString(retryAfter.toSeconds())),
        "Too many requests, please try again later.\n");
  }

  /** 429 as the storage behind the server sends it while it starts: a Status object. */
  public static ApiFault storageStarting() {
    return of(
        new ApiStatus(
            429,
            "TooManyRequests",
            "storage is (re)initializing",
            new JsonTextWriter().object().with("retryAfterSeconds", 1).endObject().toString(),
            "",
            1));
  }

  /** An HTTP response with status 410 (Gone). */
  public static ApiFault expired() {
    return of(ApiStatus.expired("The resourceVersion for the provided watch is too old."));
  }

  /** An HTTP response with status 200, then 410 in an ERROR event, as most expired watches end. */
  public static ApiFault expiredEvent() {
    return errorEvent(ApiStatus.tooOld(1, 2));
  }

  /** 200, and then an ERROR event with another Status. */
  public static ApiFault errorEvent(int code, String reason, String message) {
    return errorEvent(ApiStatus.of(code, reason, message));
  }

  /** 401, as for a token that has run out. */
  public static ApiFault unauthorized() {
    return of(ApiStatus.unauthorized());
  }

  /** 500 with the message that etcd without a leader causes. */
  public static ApiFault etcdTimeout() {
    return of(ApiStatus.of(500, "", "etcdserver: request timed out"));
  }

  /** 503 as a load balancer in front of dead servers says it. */
  public static ApiFault unavailable() {
    return new ApiFault(ApiFaultKind.ANSWER, 503, TEXT, Map.of(), "no healthy upstream");
  }

  /** 504 for a version that this server has not reached. */
  public static ApiFault tooLargeVersion() {
    return of(ApiStatus.tooLarge(2_000, 1_000));
  }

  /** Any code with a Status object. */
  public static ApiFault status(int code, String reason, String message) {
    return of(ApiStatus.of(code, reason, message));
  }

  /** 200 with this text for a body, such as half an object. */
  public static ApiFault garbage(String body) {
    return new ApiFault(ApiFaultKind.ANSWER, 200, JSON, Map.of(), body);
  }

  /** No answer, and an open connection. */
  public static ApiFault hang() {
    return new ApiFault(ApiFaultKind.HANG, 0, "", Map.of(), "");
  }

  /** The connection is closed instead of an answer. */
  public static ApiFault cut() {
    return new ApiFault(ApiFaultKind.CUT, 0, "", Map.of(), "");
  }

  static ApiFault pageNotFound() {
    return new ApiFault(ApiFaultKind.ANSWER, 404, TEXT, Map.of(), "404 page not found\n");
  }

  static ApiFault of(ApiStatus status) {
    int seconds = status.retryAfterSeconds();
    Map<String, String> headers =
        seconds == 0 ? Map.of() : Map.of(RETRY_AFTER, Integer.toString(seconds));
    return new ApiFault(ApiFaultKind.ANSWER, status.code(), JSON, headers, status.json() + "\n");
  }

  private static ApiFault errorEvent(ApiStatus status) {
    return new ApiFault(
        ApiFaultKind.ERROR_EVENT, 200, JSON, Map.of(), event("ERROR", status.json()));
  }

  /** A line of a watch. */
  static String event(String type, String object) {
    return new JsonTextWriter().object().with("type", type).withJson("object", object).endObject()
        + "\n";
  }

  ApiFaultKind kind() {
    return kind;
  }

  int code() {
    return code;
  }

  String type() {
    return type;
  }

  Map<String, String> headers() {
    return headers;
  }

  byte[] body() {
    return body;
  }
}
