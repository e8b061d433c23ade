package dev.holdfast.gateway.config;

import dev.holdfast.gateway.json.JsonTerms;
import dev.holdfast.transcoding.http.TranscodingOptions;
import dev.holdfast.transcoding.json.JsonOptions;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The JSON of another transcoder, for clients that were written for it. Each but {@link #NONE}
 * takes masks in snake_case, <code>{}</code> where there is no body, a path's field again in the
 * query, and streams of values without an array.
 */
enum JsonPreset {
  /** As http.proto and the mapping of proto3 say, and a plus in a query is a space. */
  NONE("none", TranscodingOptions.DEFAULT, JsonOptions.DEFAULT),

  /**
   * The defaults of grpc-gateway v2: whatever is unknown is left out, fields are printed with their
   * defaults, and an escaped slash may separate segments.
   */
  GRPC_GATEWAY(
      "grpc-gateway",
      TranscodingOptions.DEFAULT
          .withLenient(true)
          .withIgnoredParameters(Set.of(TranscodingOptions.ANY)),
      JsonOptions.DEFAULT.withSnakeCaseMasks(true).withIgnoreUnknown(true).withPrintDefaults(true)),

  /**
   * The defaults of Envoy's grpc_json_transcoder: a plus is a plus, reserved characters stay
   * escaped in variables of several segments, unknown fields of bodies are left out.
   */
  ENVOY(
      "envoy",
      TranscodingOptions.DEFAULT.withLenient(true).withPlusIsSpace(false).withKeepReserved(true),
      JsonOptions.DEFAULT.withSnakeCaseMasks(true).withIgnoreUnknown(true)),

  /** The REST of Google's APIs: their system parameters are left out of queries. */
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

  /** Whether an escaped slash may be one between two segments of a path. */
  boolean decodesSlashes() {
    return this == GRPC_GATEWAY;
  }

  JsonTerms terms() {
    return new JsonTerms(http, json);
  }

  /** Those that any of Google's APIs takes; with a dollar sign too where they may have one. */
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
