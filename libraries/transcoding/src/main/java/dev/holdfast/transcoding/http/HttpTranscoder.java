package dev.holdfast.transcoding.http;

import com.google.protobuf.Descriptors.FieldDescriptor;
import dev.holdfast.transcoding.internal.route.HttpRouteMatch;
import dev.holdfast.transcoding.internal.route.HttpRouteTable;
import dev.holdfast.transcoding.internal.route.PathTemplate;
import dev.holdfast.transcoding.internal.route.RouteConflictException;
import dev.holdfast.transcoding.json.JsonCodec;
import dev.holdfast.transcoding.json.SchemaTypes;
import dev.holdfast.transcoding.schema.RpcMethod;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import dev.holdfast.transcoding.status.RequestRefusedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The HTTP/JSON transcoder of a service catalog: finds the method of a request and binds path and
 * query to fields.
 *
 * <p>Methods are reached by their google.api.http annotations and, unless an annotation takes that
 * path, by {@code POST /package.Service/Method}. Immutable and thread-safe; a changed catalog needs
 * a new transcoder.
 */
public final class HttpTranscoder {
  private final ServiceCatalog catalog;
  private final TranscodingOptions options;
  private final JsonCodec codec;
  private final HttpRouteTable<HttpBinding> routes;
  private final List<HttpBinding> bindings;
  private final List<RejectedBinding> rejected;
  private final QueryBinder queries;
  private final TextFieldWriter writer;
  private final FieldMaskPaths masks;

  private HttpTranscoder(
      ServiceCatalog catalog,
      TranscodingOptions options,
      JsonCodec codec,
      HttpRouteTable<HttpBinding> routes,
      List<HttpBinding> bindings,
      List<RejectedBinding> rejected) {
    this.catalog = catalog;
    this.options = options;
    this.codec = codec;
    this.routes = routes;
    this.bindings = List.copyOf(bindings);
    this.rejected = List.copyOf(rejected);
    FieldNames names = new FieldNames();
    this.writer = new TextFieldWriter(codec);
    this.queries = new QueryBinder(names, codec, writer, options);
    this.masks = new FieldMaskPaths(names);
  }

  /** A transcoder with default options and a codec of the catalog's types. */
  public static HttpTranscoder of(ServiceCatalog catalog) {
    return of(
        catalog, TranscodingOptions.DEFAULT, JsonCodec.of(SchemaTypes.of(catalog.typeFiles())));
  }

  /**
   * A transcoder with options and a codec.
   *
   * <p>Invalid bindings are left out. So are bindings whose paths another method has already;
   * methods are added in the order of their full names. See {@link #rejected}.
   *
   * @param codec of the catalog's types
   */
  public static HttpTranscoder of(
      ServiceCatalog catalog, TranscodingOptions options, JsonCodec codec) {
    HttpRouteTable.Builder<HttpBinding> routes = HttpRouteTable.builder();
    List<HttpBinding> bindings = new ArrayList<>();
    List<RejectedBinding> rejected = new ArrayList<>();
    for (RpcMethod method : catalog.methods()) {
      for (HttpBinding binding : HttpBinding.annotated(method, rejected::add)) {
        try {
          routes.add(binding.httpMethod(), binding.pathTemplate(), method.fullName(), binding);
          bindings.add(binding);
        } catch (RouteConflictException e) {
          rejected.add(binding.rejected(String.valueOf(e.getMessage())));
        }
      }
    }
    for (RpcMethod method : catalog.methods()) {
      HttpBinding binding = HttpBinding.byName(method);
      if (routes.addIfFree("POST", binding.pathTemplate(), method.fullName(), binding)) {
        bindings.add(binding);
      }
    }
    return new HttpTranscoder(catalog, options, codec, routes.build(), bindings, rejected);
  }

  /** The catalog of the transcoded services. */
  public ServiceCatalog catalog() {
    return catalog;
  }

  /** The options of path and query mapping. */
  public TranscodingOptions options() {
    return options;
  }

  /** The codec of the catalog's types. */
  public JsonCodec codec() {
    return codec;
  }

  /** All bindings: those of annotations first, then the default ones. */
  public List<HttpBinding> bindings() {
    return bindings;
  }

  /** The bindings of annotations that are not served, each with the reason. */
  public List<RejectedBinding> rejected() {
    return rejected;
  }

  /**
   * The binding that matches a request's method and path; empty when there is none.
   *
   * @param httpMethod in upper case
   * @param path raw, without a query
   * @throws RequestRefusedException 400 when the path is malformed
   */
  public Optional<HttpBinding> find(String httpMethod, String path) {
    return Optional.ofNullable(routes.find(httpMethod, path)).map(HttpRouteMatch::target);
  }

  /**
   * Opens a call: finds the method, and binds path and query.
   *
   * @throws RequestRefusedException 400 for a path or query that does not fit the types, 404 for an
   *     unknown path, 405 with {@link RequestRefusedException#allow} for another HTTP method, 415
   *     for another content type
   */
  public HttpCall open(HttpRequestHead head) {
    HttpRouteMatch<HttpBinding> match = routes.find(head.method(), head.path());
    if (match == null) {
      throw noRoute(head);
    }
    HttpBinding binding = match.target();
    requireContentType(binding, head);
    boolean bare = match.template().variables().isEmpty() && head.query().isEmpty();
    FieldTree fields = bare ? FieldTree.NOTHING : new FieldTree();
    try {
      List<PathTemplate.Variable> variables = match.template().variables();
      for (int i = 0; i < variables.size(); i++) {
        PathTemplate.Variable variable = variables.get(i);
        String text = match.value(variable, options.keepReserved());
        fields.put(binding.variables().get(i), text, "path variable " + variable.name(), writer);
      }
      queries.bind(binding, head.query(), fields);
    } catch (IOException e) {
      throw new UncheckedIOException("writing into memory (expected: no failure)", e);
    }
    boolean lenient = options.lenient();
    String type = head.contentType();
    RequestWriter first = new RequestWriter(binding, codec, masks, fields, type, lenient);
    RequestWriter later =
        bare ? first : new RequestWriter(binding, codec, masks, FieldTree.NOTHING, type, lenient);
    return new HttpCall(binding, head, codec, first, later, lenient);
  }

  private RequestRefusedException noRoute(HttpRequestHead head) {
    List<String> allow = routes.methodsOf(head.path());
    return allow.isEmpty()
        ? RequestRefusedException.noSuchPath(
            head.path() + ": no method has this path (expected: one of the services')")
        : RequestRefusedException.methodNotAllowed(
            allow, "%s %s (expected: %s)".formatted(head.method(), head.path(), allow));
  }

  private void requireContentType(HttpBinding binding, HttpRequestHead head) {
    String type = head.contentType();
    if (type.isEmpty() || binding.bodyKind() == HttpBinding.BodyKind.NONE) {
      return;
    }
    boolean stream = binding.method().streamingType().clientStreams();
    FieldDescriptor field = binding.bodyField();
    boolean raw =
        field == null
            ? HttpBodyCodec.is(binding.method().input())
            : field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
                && !field.isRepeated()
                && HttpBodyCodec.is(field.getMessageType());
    boolean known = MediaType.isJson(type) || (stream && MediaType.isNdjson(type));
    if (!raw && !known && !options.anyContentType()) {
      throw RequestRefusedException.unsupportedType(
          "content-type: %s (expected: application/json%s)"
              .formatted(type, stream ? " or application/x-ndjson" : ""));
    }
  }
}
