package dev.holdfast.gateway.config;

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import dev.holdfast.core.Tunable;
import dev.holdfast.core.TunableChoice;
import dev.holdfast.gateway.cors.Cors;
import dev.holdfast.gateway.json.Face;
import dev.holdfast.gateway.json.FaceTerms;
import dev.holdfast.gateway.json.JsonTerms;
import dev.holdfast.gateway.schema.DescriptorFiles;
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
final class FacesYaml {
  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9!#$%&'+.^_`|~-]+");

  private final YamlMap top;
  private final TlsPlace place;

  FacesYaml(YamlMap top, TlsPlace place) {
    this.top = top;
    this.place = place;
  }

  FacesConfig read() {
    YamlMap faces = top.map(FaceKeys.FACES, "keys such as json and connect");
    faces.requireKnown(FaceKeys.FACES_KEYS.names());
    Optional<OpenApiInfo> openApi =
        flag(faces, FaceKeys.OPEN_API)
            ? Optional.of(OpenApiInfo.of("gRPC services", ""))
            : Optional.empty();
    YamlMap json = top.map(FaceKeys.JSON, "keys such as print-defaults and ignore-parameters");
    json.requireKnown(FaceKeys.JSON_KEYS.names());
    JsonPreset preset = JsonPreset.of(choice(json, FaceKeys.COMPATIBLE));
    boolean decodesSlashes = flag(json, FaceKeys.DECODE_SLASHES, preset.decodesSlashes());
    return new FacesConfig(
        new FaceTerms(faces(faces), cors(top).orElse(Cors.NONE), openApi, decodesSlashes),
        json(json, preset.terms()),
        descriptorSets());
  }

  private static Set<Face> faces(YamlMap map) {
    Set<Face> faces = EnumSet.noneOf(Face.class);
    for (Face face : Face.values()) {
      if (flag(map, FaceKeys.face(face))) {
        faces.add(face);
      }
    }
    return faces;
  }

  /** The CORS policy at the top level or of a route; empty when none is configured. */
  static Optional<Cors> cors(YamlMap top) {
    if (!top.has(FaceKeys.CORS)) {
      return Optional.empty();
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
    return Optional.of(
        new Cors(
            origins,
            asked,
            texts(map, FaceKeys.EXPOSE, FacesYaml::token),
            credentials,
            GatewayYaml.duration(map, FaceKeys.MAX_AGE)));
  }

  private static JsonTerms json(YamlMap map, JsonTerms preset) {
    TranscodingOptions http = preset.http();
    JsonOptions json = preset.json();
    Set<String> ignored = new LinkedHashSet<>(http.ignoredParameters());
    ignored.addAll(texts(map, FaceKeys.IGNORE_PARAMETERS, (name, text) -> text));
    return new JsonTerms(
        http.withIgnoredParameters(ignored)
            .withPlusIsSpace(flag(map, FaceKeys.PLUS_IS_SPACE, http.plusIsSpace())),
        json.withIgnoreUnknown(flag(map, FaceKeys.IGNORE_UNKNOWN, json.ignoreUnknown()))
            .withPrintDefaults(flag(map, FaceKeys.PRINT_DEFAULTS, json.printDefaults()))
            .withProtoNames(flag(map, FaceKeys.PROTO_NAMES, json.protoNames()))
            .withEnumsAsNumbers(flag(map, FaceKeys.ENUMS_AS_NUMBERS, json.enumsAsNumbers())));
  }

  private Map<String, List<Path>> descriptorSets() {
    Map<String, List<Path>> sets = new LinkedHashMap<>();
    if (top.isProblem(GatewayKeys.CLUSTERS)) {
      return sets;
    }
    YamlMap all = top.map(GatewayKeys.CLUSTERS, "");
    for (String name : all.keys()) {
      if (!all.isProblem(name)) {
        List<Path> files = descriptorSet(all.map(name, ""));
        if (!files.isEmpty()) {
          sets.put(name, files);
        }
      }
    }
    return sets;
  }

  private List<Path> descriptorSet(YamlMap cluster) {
    String key = FaceKeys.DESCRIPTOR_SETS.key();
    YamlMap items = cluster.list(key, FaceKeys.DESCRIPTOR_SETS.expected());
    int size = items.keys().size();
    if (size > DescriptorFiles.MAX_FILES) {
      cluster.problem(key, size + " files", "at most " + DescriptorFiles.MAX_FILES);
      return List.of();
    }
    if (cluster.has(key) && size == 0 && !cluster.isProblem(key)) {
      cluster.problem(key, "none", FaceKeys.DESCRIPTOR_SETS.expected());
    }
    List<Path> files = new ArrayList<>();
    List<FileDescriptorProto> described = new ArrayList<>();
    for (String item : items.keys()) {
      items
          .parsed(
              item,
              FaceKeys.DESCRIPTOR_SETS.expected(),
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
      var unused = DescriptorFiles.schema(described, JsonTerms.DEFAULT);
    } catch (IllegalArgumentException e) {
      cluster.problem(FaceKeys.DESCRIPTOR_SETS.key(), String.valueOf(e.getMessage()));
    }
  }

  private Path described(String name, String text, List<FileDescriptorProto> described) {
    try {
      Path file = place.folder().resolve(text);
      if (!place.inUse().contains(file)) {
        described.addAll(DescriptorFiles.read(file));
      }
      return file;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
    }
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
