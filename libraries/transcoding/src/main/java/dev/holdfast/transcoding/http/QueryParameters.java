package dev.holdfast.transcoding.http;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.transcoding.http.HttpBinding.BodyKind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;

/**
 * The query parameters of a binding: all fields that neither path nor body binds, nested fields
 * with dots, breadth-first. Immutable.
 */
public final class QueryParameters {
  /** The maximum number of listed parameters of a binding. */
  @Limit(
      of = "query parameters of one binding that are listed",
      then = "the others are left out, and the list counts as incomplete")
  static final int MAX_LISTED = 500;

  /** The maximum number of nested messages that are searched. */
  @Limit(
      of = "messages within a request that are searched for query parameters to list",
      then = "those of the others are left out, and the list counts as incomplete")
  static final int MAX_PLACES = 2_000;

  /**
   * A query parameter of a binding.
   *
   * @param name of the parameter; of a map without the brackets
   * @param field that it sets; a repeated field takes several parameters, a map takes {@code
   *     name[key]}
   */
  public record QueryParameter(String name, FieldDescriptor field) {}

  /** A message within the request: the prefix of its parameters, its field path and its type. */
  private record Place(String prefix, List<FieldDescriptor> path, Descriptor type) {}

  private final HttpBinding binding;
  private final Set<String> ignored;
  private final FieldNames names = new FieldNames();
  private final Deque<Place> open = new ArrayDeque<>();
  private final List<QueryParameter> queryParameters = new ArrayList<>();
  private int places;
  private boolean complete = true;

  private QueryParameters(HttpBinding binding, TranscodingOptions options) {
    this.binding = binding;
    this.ignored = options.ignoredParameters();
  }

  /** The query parameters of a binding. */
  static QueryParameters of(HttpBinding binding, TranscodingOptions options) {
    QueryParameters fields = new QueryParameters(binding, options);
    if (binding.bodyKind() != BodyKind.MESSAGE) {
      fields.open.add(new Place("", List.of(), binding.method().input()));
    }
    while (!fields.open.isEmpty() && fields.queryParameters.size() <= MAX_LISTED) {
      fields.list(fields.open.removeFirst());
    }
    fields.complete &= fields.open.isEmpty();
    while (fields.queryParameters.size() > MAX_LISTED) {
      fields.queryParameters.remove(fields.queryParameters.size() - 1);
      fields.complete = false;
    }
    return fields;
  }

  /** The parameters by depth, then in the order of the .proto file. */
  public List<QueryParameter> queryParameters() {
    return List.copyOf(queryParameters);
  }

  /**
   * Whether the list is complete; false for recursive messages and for more than 500 parameters.
   */
  public boolean complete() {
    return complete;
  }

  private void list(Place place) {
    for (FieldDescriptor field : place.type().getFields()) {
      String own = name(place.type(), field);
      List<FieldDescriptor> path = new ArrayList<>(place.path());
      path.add(field);
      boolean taken = path.get(0) == binding.bodyField() || binding.variables().contains(path);
      if (own.isEmpty() || taken) {
        continue;
      }
      String name = place.prefix() + own;
      FieldDescriptor value =
          field.isMapField() ? field.getMessageType().findFieldByNumber(2) : field;
      if (TextFieldWriter.acceptsText(value)) {
        if (!ignored.contains(name)) {
          queryParameters.add(new QueryParameter(name, field));
        }
      } else if (!field.isRepeated()) {
        enter(new Place(name + ".", path, field.getMessageType()));
      }
    }
  }

  private void enter(Place place) {
    Descriptor type = place.type();
    boolean again = type.equals(binding.method().input());
    for (FieldDescriptor outer : place.path().subList(0, place.path().size() - 1)) {
      again |= outer.getMessageType().equals(type);
    }
    if (again || place.path().size() >= QueryBinder.MAX_FIELD_DEPTH || places >= MAX_PLACES) {
      complete = false;
    } else {
      places++;
      open.add(place);
    }
  }

  /**
   * The parameter name of a field: the JSON name, unless a parser would read that differently; ""
   * when no name reaches the field.
   */
  private String name(Descriptor type, FieldDescriptor field) {
    String json = field.getJsonName();
    if (json.indexOf('.') < 0 && json.indexOf('[') < 0 && names.find(type, json) == field) {
      return json;
    }
    return names.find(type, field.getName()) == field ? field.getName() : "";
  }
}
