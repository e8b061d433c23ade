package dev.holdfast.gateway.config;

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import dev.holdfast.core.Tunable;
import dev.holdfast.core.TunableChoice;
import dev.holdfast.gateway.cors.CorsPolicy;
import dev.holdfast.gateway.frontend.FrontendOptions;
import dev.holdfast.gateway.frontend.FrontendProtocol;
import dev.holdfast.gateway.frontend.json.JsonMapping;
import dev.holdfast.gateway.schema.DescriptorSetReader;
import dev.holdfast.transcoding.http.TranscodingOptions;
import dev.holdfast.transcoding.http.openapi.OpenApiInfo;
import dev.holdfast.transcoding.json.JsonOptions;
import dev.holdfast.yaml.YamlMap;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.regex.Pattern;

/**
 * Parser of the frontend section of a gateway's file: HTTP/JSON, gRPC-Web, Connect, WebSocket, CORS
 * and descriptor sets.
 */
final class FrontendYaml {
  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9!#$%&'+.^_`|~-]+");

  private final YamlMap top;
  private final TlsFileLocation place;

  FrontendYaml(YamlMap top, TlsFileLocation place) {
    this.top = top;
    this.place = place;
  }

  FrontendConfig read() {
    YamlMap frontends = top.map(FrontendKeys.FRONTENDS, "keys such as json and connect");
    frontends.requireKnown(FrontendKeys.FRONTEND_KEYS.names());
    Optional<OpenApiInfo> openApi =
        flag(frontends, FrontendKeys.OPEN_API)
            ? Optional.of(OpenApiInfo.of("gRPC services", ""))
            : Optional.empty();
    YamlMap json = top.map(FrontendKeys.JSON, "keys such as print-defaults and ignore-parameters");
    json.requireKnown(FrontendKeys.JSON_KEYS.names());
    JsonPreset preset = JsonPreset.of(choice(json, FrontendKeys.COMPATIBLE));
    boolean decodesSlashes = flag(json, FrontendKeys.DECODE_SLASHES, preset.decodesSlashes());
    return new FrontendConfig(
        new FrontendOptions(
            frontends(frontends),
            cors(top).orElse(CorsPolicy.NONE),
            openApi,
            decodesSlashes,
            FrontendOptions.DEFAULT.schemaWait()),
        json(json, preset.terms()),
        descriptorSets());
  }

  private static Set<FrontendProtocol> frontends(YamlMap map) {
    Set<FrontendProtocol> frontendProtocols = EnumSet.noneOf(FrontendProtocol.class);
    for (FrontendProtocol frontendProtocol : FrontendProtocol.values()) {
      if (flag(map, FrontendKeys.frontend(frontendProtocol))) {
        frontendProtocols.add(frontendProtocol);
      }
    }
    return frontendProtocols;
  }

  /** The CORS policy at the top level or of a route; empty when none is configured. */
  static Optional<CorsPolicy> cors(YamlMap top) {
    if (!top.has(FrontendKeys.CORS)) {
      return Optional.empty();
    }
    YamlMap map = top.map(FrontendKeys.CORS, "keys such as origins and max-age");
    map.requireKnown(FrontendKeys.CORS_KEYS.names());
    Set<String> origins = texts(map, FrontendKeys.ORIGINS, FrontendYaml::origin);
    if (!map.has(FrontendKeys.ORIGINS.key()) && !top.hasProblem(FrontendKeys.CORS)) {
      map.problem(FrontendKeys.ORIGINS.key(), "nothing", FrontendKeys.ORIGINS.expected());
    }
    boolean credentials = flag(map, FrontendKeys.CREDENTIALS);
    if (credentials && origins.contains("*")) {
      map.problem(
          FrontendKeys.CREDENTIALS.key(), "true beside origin *", "false, or the origins by name");
      credentials = false;
    }
    CorsPolicy.PreflightAllowance preflightAllowance =
        new CorsPolicy.PreflightAllowance(
            texts(map, FrontendKeys.METHODS, FrontendYaml::method),
            texts(map, FrontendKeys.REQUEST_HEADERS, FrontendYaml::token));
    return Optional.of(
        new CorsPolicy(
            origins,
            preflightAllowance,
            texts(map, FrontendKeys.EXPOSE, FrontendYaml::token),
            credentials,
            GatewayYaml.duration(map, FrontendKeys.MAX_AGE)));
  }

  private static JsonMapping json(YamlMap map, JsonMapping preset) {
    TranscodingOptions http = preset.http();
    JsonOptions json = preset.json();
    Set<String> ignored = new LinkedHashSet<>(http.ignoredParameters());
    ignored.addAll(texts(map, FrontendKeys.IGNORE_PARAMETERS, (name, text) -> text));
    return new JsonMapping(
        http.withIgnoredParameters(ignored)
            .withPlusIsSpace(flag(map, FrontendKeys.PLUS_IS_SPACE, http.plusIsSpace())),
        json.withIgnoreUnknown(flag(map, FrontendKeys.IGNORE_UNKNOWN, json.ignoreUnknown()))
            .withPrintDefaults(flag(map, FrontendKeys.PRINT_DEFAULTS, json.printDefaults()))
            .withProtoNames(flag(map, FrontendKeys.PROTO_NAMES, json.protoNames()))
            .withEnumsAsNumbers(flag(map, FrontendKeys.ENUMS_AS_NUMBERS, json.enumsAsNumbers())));
  }

  private Map<String, List<Path>> descriptorSets() {
    Map<String, List<Path>> sets = new LinkedHashMap<>();
    if (top.hasProblem(GatewayKeys.CLUSTERS)) {
      return sets;
    }
    YamlMap all = top.map(GatewayKeys.CLUSTERS, "");
    for (String name : all.keys()) {
      if (!all.hasProblem(name)) {
        List<Path> files = descriptorSet(all.map(name, ""));
        if (!files.isEmpty()) {
          sets.put(name, files);
        }
      }
    }
    return sets;
  }

  private List<Path> descriptorSet(YamlMap cluster) {
    String key = FrontendKeys.DESCRIPTOR_SETS.key();
    YamlMap items = cluster.list(key, FrontendKeys.DESCRIPTOR_SETS.expected());
    int size = items.keys().size();
    if (size > DescriptorSetReader.MAX_FILES) {
      cluster.problem(key, size + " files", "at most " + DescriptorSetReader.MAX_FILES);
      return List.of();
    }
    if (cluster.has(key) && size == 0 && !cluster.hasProblem(key)) {
      cluster.problem(key, "none", FrontendKeys.DESCRIPTOR_SETS.expected());
    }
    List<Path> files = new ArrayList<>();
    List<FileDescriptorProto> described = new ArrayList<>();
    for (String item : items.keys()) {
      items
          .parsed(
              item,
              FrontendKeys.DESCRIPTOR_SETS.expected(),
              (name, text) -> described(name, text, described))
          .ifPresent(files::add);
    }
    if (files.size() == size && size > 0 && files.stream().noneMatch(place.inUse()::contains)) {
      requireSchema(cluster, described);
    }
    return files;
  }

  private static void requireSchema(YamlMap cluster, List<FileDescriptorProto> described) {
    try {
      var unused = DescriptorSetReader.schema(described, JsonMapping.DEFAULT);
    } catch (IllegalArgumentException e) {
      cluster.problem(FrontendKeys.DESCRIPTOR_SETS.key(), String.valueOf(e.getMessage()));
    }
  }

  private Path described(String name, String text, List<FileDescriptorProto> described) {
    try {
      Path file = place.folder().resolve(text);
      if (!place.inUse().contains(file)) {
        described.addAll(DescriptorSetReader.read(file));
      }
      return file;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
    }
  }

  static Set<String> texts(YamlMap map, Tunable key, BiFunction<String, String, String> parser) {
    YamlMap items = map.list(key.key(), key.expected());
    int size = items.keys().size();
    if (size > FrontendKeys.MAX_NAMES) {
      map.problem(key.key(), size + " " + key.key(), "at most " + FrontendKeys.MAX_NAMES);
      return Set.of();
    }
    if (map.has(key.key()) && size == 0 && !map.hasProblem(key.key())) {
      map.problem(key.key(), "none", key.expected());
    }
    Set<String> texts = new LinkedHashSet<>();
    for (String item : items.keys()) {
      items.parsed(item, key.expected(), parser).ifPresent(texts::add);
    }
    return texts;
  }

  /** The value of a flag; its default when the key is absent. */
  static boolean flag(YamlMap map, TunableChoice choice) {
    return choice(map, choice).equals("true");
  }

  /** The value of a flag; the preset's value when the key is absent. */
  private static boolean flag(YamlMap map, TunableChoice choice, boolean preset) {
    return map.has(choice.key()) ? flag(map, choice) : preset;
  }

  private static String choice(YamlMap map, TunableChoice choice) {
    return map.parsed(choice.key(), choice.expected(), (name, text) -> word(name, text, choice))
        .orElse(choice.defaultText());
  }

  private static String word(String name, String text, TunableChoice choice) {
    if (!choice.words().contains(text)) {
      throw new IllegalArgumentException(
          name + ": " + text + " (expected: " + choice.expected() + ")");
    }
    return text;
  }

  private static String origin(String name, String text) {
    return CorsPolicy.requireOrigin(name, text);
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
