package dev.holdfast.gateway.config;

import dev.holdfast.core.Tunable;
import dev.holdfast.core.TunableChoice;
import dev.holdfast.gateway.json.Cors;
import dev.holdfast.gateway.json.Face;
import dev.holdfast.gateway.json.FaceTerms;
import dev.holdfast.gateway.json.JsonTerms;
import dev.holdfast.transcoding.http.TranscodingOptions;
import dev.holdfast.transcoding.json.JsonOptions;
import dev.holdfast.yaml.YamlMap;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.regex.Pattern;

/** Reads what a gateway's file says of clients that don't speak gRPC. */
final class FacesYaml {
  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9!#$%&'+.^_`|~-]+");

  private final YamlMap top;

  FacesYaml(YamlMap top) {
    this.top = top;
  }

  FacesConfig read() {
    return new FacesConfig(new FaceTerms(faces(), cors()), json());
  }

  private Set<Face> faces() {
    YamlMap map = top.map(FaceKeys.FACES, "keys such as json and connect");
    map.requireKnown(FaceKeys.FACES_KEYS.names());
    Set<Face> faces = EnumSet.noneOf(Face.class);
    for (Face face : Face.values()) {
      if (flag(map, FaceKeys.face(face))) {
        faces.add(face);
      }
    }
    return faces;
  }

  private Cors cors() {
    if (!top.has(FaceKeys.CORS)) {
      return Cors.NONE;
    }
    YamlMap map = top.map(FaceKeys.CORS, "keys such as origins and max-age");
    map.requireKnown(FaceKeys.CORS_KEYS.names());
    Set<String> origins = texts(map, FaceKeys.ORIGINS, FacesYaml::origin);
    if (!map.has(FaceKeys.ORIGINS.key()) && !top.isProblem(FaceKeys.CORS)) {
      map.problem(FaceKeys.ORIGINS.key(), "nothing", FaceKeys.ORIGINS.expected());
    }
    boolean credentials = flag(map, FaceKeys.CREDENTIALS);
    if (credentials && origins.contains("*")) {
      map.problem(
          FaceKeys.CREDENTIALS.key(), "true beside origin *", "false, or the origins by name");
      credentials = false;
    }
    Cors.Asked asked =
        new Cors.Asked(
            texts(map, FaceKeys.METHODS, FacesYaml::method),
            texts(map, FaceKeys.REQUEST_HEADERS, FacesYaml::token));
    return new Cors(
        origins,
        asked,
        texts(map, FaceKeys.EXPOSE, FacesYaml::token),
        credentials,
        GatewayYaml.duration(map, FaceKeys.MAX_AGE));
  }

  private JsonTerms json() {
    YamlMap map = top.map(FaceKeys.JSON, "keys such as print-defaults and ignore-parameters");
    map.requireKnown(FaceKeys.JSON_KEYS.names());
    Set<String> ignored = texts(map, FaceKeys.IGNORE_PARAMETERS, (name, text) -> text);
    return new JsonTerms(
        TranscodingOptions.DEFAULT
            .withIgnoredParameters(ignored)
            .withPlusIsSpace(flag(map, FaceKeys.PLUS_IS_SPACE)),
        JsonOptions.DEFAULT
            .withIgnoreUnknown(flag(map, FaceKeys.IGNORE_UNKNOWN))
            .withPrintDefaults(flag(map, FaceKeys.PRINT_DEFAULTS))
            .withProtoNames(flag(map, FaceKeys.PROTO_NAMES))
            .withEnumsAsNumbers(flag(map, FaceKeys.ENUMS_AS_NUMBERS)));
  }

  private static Set<String> texts(
      YamlMap map, Tunable key, BiFunction<String, String, String> parser) {
    YamlMap items = map.list(key.key(), key.expected());
    int size = items.keys().size();
    if (size > FaceKeys.MAX_NAMES) {
      map.problem(key.key(), size + " " + key.key(), "at most " + FaceKeys.MAX_NAMES);
      return Set.of();
    }
    if (map.has(key.key()) && size == 0 && !map.isProblem(key.key())) {
      map.problem(key.key(), "none", key.expected());
    }
    Set<String> texts = new LinkedHashSet<>();
    for (String item : items.keys()) {
      items.parsed(item, key.expected(), parser).ifPresent(texts::add);
    }
    return texts;
  }

  private static boolean flag(YamlMap map, TunableChoice choice) {
    return map.parsed(choice.key(), choice.expected(), (name, text) -> word(name, text, choice))
        .orElse(choice.defaultText())
        .equals("true");
  }

  private static String word(String name, String text, TunableChoice choice) {
    if (!choice.words().contains(text)) {
      throw new IllegalArgumentException(
          name + ": " + text + " (expected: " + choice.expected() + ")");
    }
    return text;
  }

  private static String origin(String name, String text) {
    return Cors.requireOrigin(name, text);
  }

  private static String method(String name, String text) {
    if (!text.matches("[A-Z]{1,20}")) {
      throw new IllegalArgumentException(
          name + ": " + text + " (expected: a method in capitals, such as POST)");
    }
    return text;
  }

  private static String token(String name, String text) {
    if (!TOKEN.matcher(text).matches()) {
      throw new IllegalArgumentException(
          name + ": " + text + " (expected: a header's name, such as x-request-id)");
    }
    return text;
  }
}
