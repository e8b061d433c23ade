package dev.holdfast.gateway.config;

import dev.holdfast.gateway.frontend.json.JsonMapping;
import dev.holdfast.transcoding.http.TranscodingOptions;
import dev.holdfast.transcoding.json.JsonOptions;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * JSON presets for clients that were written for another transcoder. Each but {@link #NONE} accepts
 * field masks in snake_case and <code>{}</code> as the body of a method without one. A path field
 * may be repeated in the query, and a request stream may be concatenated values without an array.
 */
enum JsonPreset {
  /** The mapping of http.proto and proto3 JSON; a plus in a query is a space. */
  NONE("none", TranscodingOptions.DEFAULT, JsonOptions.DEFAULT),

  /**
   * The defaults of grpc-gateway v2: unknown fields are ignored, fields with default values are
   * printed, and an escaped slash may separate segments.
   */
  GRPC_GATEWAY(
      "grpc-gateway",
      TranscodingOptions.DEFAULT
          .withLenient(true)
          .withIgnoredParameters(Set.of(TranscodingOptions.ANY)),
      JsonOptions.DEFAULT.withSnakeCaseMasks(true).withIgnoreUnknown(true).withPrintDefaults(true)),

  /**
   * The defaults of Envoy's grpc_json_transcoder: a plus is a plus, reserved characters stay
   * escaped in multi-segment variables, and unknown fields of bodies are ignored.
   */
  ENVOY(
      "envoy",
      TranscodingOptions.DEFAULT.withLenient(true).withPlusIsSpace(false).withKeepReserved(true),
      JsonOptions.DEFAULT.withSnakeCaseMasks(true).withIgnoreUnknown(true)),

  /** The REST mapping of Google's APIs: their system parameters are ignored in queries. */
  GOOGLE(
      "google",
      TranscodingOptions.DEFAULT.withLenient(true).withIgnoredParameters(systemParameters()),
      JsonOptions.DEFAULT.withSnakeCaseMasks(true));

  static final List<String> WORDS = Stream.of(values()).map(JsonPreset::word).toList();

  private final String word;
  private final TranscodingOptions http;
  private final JsonOptions json;

  JsonPreset(String word, TranscodingOptions http, JsonOptions json) {
    this.word = word;
    this.http = http;
    this.json = json;
  }

  static JsonPreset of(String word) {
    return Stream.of(values()).filter(each -> each.word.equals(word)).findFirst().orElse(NONE);
  }

  String word() {
    return word;
  }

  /** Whether an escaped slash in a path may separate two segments. */
  boolean decodesSlashes() {
    return this == GRPC_GATEWAY;
  }

  JsonMapping terms() {
    return new JsonMapping(http, json);
  }

  /**
   * The system parameters of Google's APIs, with and without the dollar sign where both are
   * allowed.
   */
  private static Set<String> systemParameters() {
    return Set.of(
        "$alt",
        "$callback",
        "$fields",
        "$key",
        "$prettyPrint",
        "$userProject",
        "$xgafv",
        "$.xgafv",
        "access_token",
        "alt",
        "callback",
        "fields",
        "key",
        "oauth_token",
        "prettyPrint",
        "quotaUser",
        "uploadType",
        "upload_protocol",
        "userIp",
        "$req",
        "$.req");
  }
}
