package dev.holdfast.transcoding.http.openapi;

import static dev.holdfast.transcoding.http.openapi.BoundedJsonWriter.ordered;

import com.google.protobuf.Descriptors.ServiceDescriptor;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.json.JsonOptions;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * An OpenAPI 3.1 document of some transcoders. Immutable.
 *
 * <p>The document is made from the bindings that requests use. Each operation is verified against
 * the transcoders: its request reaches the method in {@code operationId}. Bindings that OpenAPI
 * can't express are listed by {@link #omitted} and in {@code x-holdfast-omitted}, with the reason.
 * A multi-segment variable has a parameter per wildcard, because OpenAPI parameters can't contain
 * slashes.
 *
 * @see <a href="https://spec.openapis.org/oas/v3.1.0">OpenAPI 3.1</a>
 */
public final class OpenApiDocument {
  /** The maximum size of a document in bytes. */
  @Limit(
      of = "an OpenAPI document",
      then = "a request for a larger one is answered with 500, and `openapi` fails")
  public static final int MAX_BYTES = 32 << 20;

  private final byte[] json;
  private final List<String> omitted;

  private OpenApiDocument(byte[] json, List<String> omitted) {
    this.json = json;
    this.omitted = List.copyOf(omitted);
  }

  /**
   * The document of one transcoder.
   *
   * @throws DocumentTooLargeException when it would be larger than {@link #MAX_BYTES}
   */
  public static OpenApiDocument of(HttpTranscoder transcoder, OpenApiInfo info) {
    SortedMap<String, HttpTranscoder> served = new TreeMap<>();
    served.put("", transcoder);
    return of(served, TranscoderRouting.NONE, info);
  }

  /**
   * The document of several transcoders that are served together. A path that two of them have is
   * left out, unless the routing selects one. JSON options are those of the first.
   *
   * @param served by cluster name
   * @param transcoderRouting the routing; may select a name without a transcoder, whose paths are
   *     not described
   * @throws DocumentTooLargeException when it would be larger than {@link #MAX_BYTES}
   */
  public static OpenApiDocument of(
      SortedMap<String, HttpTranscoder> served,
      TranscoderRouting transcoderRouting,
      OpenApiInfo info) {
    return of(served, transcoderRouting, info, MAX_BYTES);
  }

  static OpenApiDocument of(
      SortedMap<String, HttpTranscoder> served,
      TranscoderRouting transcoderRouting,
      OpenApiInfo info,
      int maxBytes) {
    OperationIndex operationIndex = new OperationIndex(served, transcoderRouting, info.byName());
    JsonOptions options =
        served.values().stream()
            .findFirst()
            .map(first -> first.codec().options())
            .orElse(JsonOptions.DEFAULT);
    TypeSchemas types = new TypeSchemas(options, name -> comment(served, name));
    OperationObjects operationObjects = new OperationObjects(types);
    BoundedJsonWriter out = new BoundedJsonWriter(maxBytes);
    out.begin("").with("openapi", "3.1.0");
    out.with("info", ordered("title", info.title(), "version", info.version()));
    if (!info.server().isEmpty()) {
      out.with("servers", List.of(ordered("url", info.server())));
    }
    List<Object> tags = tags(served);
    if (!tags.isEmpty()) {
      out.with("tags", tags);
    }
    out.begin("paths");
    operationIndex
        .byPath()
        .forEach(
            (path, byMethod) -> {
              Map<String, Object> item = new LinkedHashMap<>();
              byMethod.forEach(
                  (name, openApiOperation) ->
                      item.put(name, operationObjects.of(openApiOperation, names(path))));
              out.with(path, item);
            });
    out.end().begin("components").begin("schemas");
    types.writeTo(out);
    out.end().end();
    if (!operationIndex.omitted().isEmpty()) {
      out.with("x-holdfast-omitted", operationIndex.omitted());
    }
    return new OpenApiDocument(out.end().toByteArray(), operationIndex.omitted());
  }

  /** The document as JSON in UTF-8; not copied. */
  public byte[] json() {
    return json;
  }

  /** The served bindings that the document leaves out, each with the reason. */
  public List<String> omitted() {
    return omitted;
  }

  private static String comment(SortedMap<String, HttpTranscoder> served, String name) {
    for (HttpTranscoder each : served.values()) {
      String comment = each.catalog().comment(name);
      if (!comment.isEmpty()) {
        return comment;
      }
    }
    return "";
  }

  /** The tags of services with a comment; other services need no entry. */
  private static List<Object> tags(SortedMap<String, HttpTranscoder> served) {
    Map<String, Object> tags = new TreeMap<>();
    for (HttpTranscoder each : served.values()) {
      ServiceCatalog catalog = each.catalog();
      for (String name : catalog.services()) {
        catalog
            .service(name)
            .map(ServiceDescriptor::getFullName)
            .map(catalog::comment)
            .filter(comment -> !comment.isEmpty())
            .ifPresent(text -> tags.putIfAbsent(name, ordered("name", name, "description", text)));
      }
    }
    return new ArrayList<>(tags.values());
  }

  private static List<String> names(String path) {
    List<String> names = new ArrayList<>();
    for (int at = path.indexOf('{'); at >= 0; at = path.indexOf('{', at + 1)) {
      names.add(path.substring(at + 1, path.indexOf('}', at)));
    }
    return names;
  }
}
