package dev.holdfast.gateway.config;

import dev.holdfast.core.TunableChoice;
import dev.holdfast.core.TunableDuration;
import dev.holdfast.core.TunableText;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.cors.CorsPolicy;
import dev.holdfast.gateway.frontend.FrontendProtocol;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** The keys for clients that don't speak gRPC. */
final class FrontendKeys {
  @Limit(
      of = "origins, methods, headers or parameters that one list of a gateway's file names",
      then = "the configuration is refused")
  static final int MAX_NAMES = 1_000;

  static final String CORS = "cors";
  static final String FRONTENDS = "faces";
  static final String JSON = "json";

  static final TunableText ORIGINS =
      new TunableText(
          "origins",
          "a list of origins such as https://shop.example, https://*.shop.example or *",
          "none",
          "Whose pages may call; *.suffix is all below it, not itself.");
  static final TunableText METHODS =
      new TunableText("methods", "a list of methods of HTTP", "any", "With which they may call.");
  static final TunableText REQUEST_HEADERS =
      new TunableText("headers", "a list of headers", "any", "Which they may send.");
  static final TunableText EXPOSE =
      new TunableText(
          "expose",
          "a list of headers",
          "",
          "Which they may read, beside grpc-status, grpc-message and grpc-status-details-bin.");
  static final TunableChoice CREDENTIALS =
      flag("credentials", "Whether cookies may come along. Not with origin *.");
  static final TunableDuration MAX_AGE =
      new TunableDuration(
          "max-age",
          Duration.ZERO,
          Duration.ofHours(24),
          CorsPolicy.DEFAULT_MAX_AGE,
          "For how long a browser may remember what it was answered.");

  static final TunableText DESCRIPTOR_SETS =
      new TunableText(
          "descriptor-sets",
          "a list of files of protoc --include_imports --descriptor_set_out",
          "the servers are asked by reflection",
          "Descriptor sets of the services, read again when they change. Servers are not queried"
              + " then.");

  static final TunableChoice OPEN_API =
      flag("openapi", "Whether GET /openapi.json describes what HTTP/JSON serves.");

  static final TunableChoice COMPATIBLE =
      new TunableChoice(
          "compatible",
          JsonPreset.WORDS,
          JsonPreset.NONE.word(),
          "Whose ways clients are used to: what is taken, and the defaults of the other keys"
              + " here.");
  static final TunableText IGNORE_PARAMETERS =
      new TunableText(
          "ignore-parameters",
          "a list of query parameters, or '*' for all",
          "none",
          "Which are left out when no field has their name; any other is answered with 400.");
  static final TunableChoice PLUS_IS_SPACE =
      new TunableChoice(
          "plus-is-space",
          List.of("true", "false"),
          "true",
          "Whether a plus in a query is a space, as forms have it.");
  static final TunableChoice DECODE_SLASHES =
      flag(
          "decode-slashes",
          "Whether a path that leads nowhere as it was sent is taken with slashes for each %2F, by"
              + " routes as well.");
  static final TunableChoice IGNORE_UNKNOWN =
      flag("ignore-unknown", "Whether fields of a body that the schema has not are left out.");
  static final TunableChoice PRINT_DEFAULTS =
      flag("print-defaults", "Whether fields with their default value are printed.");
  static final TunableChoice PROTO_NAMES =
      flag("proto-names", "Whether fields are printed as the .proto file calls them.");
  static final TunableChoice ENUMS_AS_NUMBERS =
      flag("enums-as-numbers", "Whether values of enums are printed as numbers.");

  static final GatewayKeys.KeySection CORS_KEYS =
      GatewayKeys.KeySection.of(
          ConfigKey.texts(ORIGINS).mandatory(),
          ConfigKey.texts(METHODS),
          ConfigKey.texts(REQUEST_HEADERS),
          ConfigKey.texts(EXPOSE),
          ConfigKey.value(CREDENTIALS),
          ConfigKey.value(MAX_AGE));
  static final GatewayKeys.KeySection FRONTEND_KEYS =
      new GatewayKeys.KeySection(
          Stream.concat(
                  Stream.of(FrontendProtocol.values()).map(FrontendKeys::frontend),
                  Stream.of(OPEN_API))
              .map(ConfigKey::value)
              .toList());
  static final GatewayKeys.KeySection JSON_KEYS =
      GatewayKeys.KeySection.of(
          ConfigKey.value(COMPATIBLE),
          ConfigKey.texts(IGNORE_PARAMETERS),
          ConfigKey.value(PLUS_IS_SPACE),
          ConfigKey.value(DECODE_SLASHES),
          ConfigKey.value(IGNORE_UNKNOWN),
          ConfigKey.value(PRINT_DEFAULTS),
          ConfigKey.value(PROTO_NAMES),
          ConfigKey.value(ENUMS_AS_NUMBERS));

  static TunableChoice frontend(FrontendProtocol frontendProtocol) {
    return new TunableChoice(
        frontendProtocol.key(),
        List.of("true", "false"),
        "true",
        "Whether " + frontendProtocol.title() + " is served.");
  }

  private static TunableChoice flag(String key, String meaning) {
    return new TunableChoice(key, List.of("true", "false"), "false", meaning);
  }

  private FrontendKeys() {}
}
