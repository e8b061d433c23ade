package dev.holdfast.lab.kubernetes;

import dev.holdfast.core.JsonTextWriter;
import java.util.Map;
import java.util.TreeMap;

/** A version of an object, with its JSON text. Immutable. */
final class StoredObject {
  private static final String CREATED = "2026-01-01T00:00:00Z";

  /** Real lists carry it for every object: a client must be able to skip it. */
  private static final String MANAGED_FIELDS = managedFields();

  private final ObjectKey key;
  private final long version;
  private final long generation;
  private final String uid;
  private final Map<String, String> labels;
  private final String content;
  private final String fields;

  private StoredObject(
      ObjectKey key,
      long version,
      long generation,
      String uid,
      Map<String, String> labels,
      String content) {
    this.key = key;
    this.version = version;
    this.generation = generation;
    this.uid = uid;
    this.labels = labels;
    this.content = content;
    fields =
        new JsonTextWriter()
            .object("metadata")
            .with("name", key.name())
            .with("namespace", key.namespace())
            .with("uid", uid)
            .with("resourceVersion", Long.toString(version))
            .with("generation", generation)
            .with("creationTimestamp", CREATED)
            .withValue("labels", labels)
            .withJson("managedFields", MANAGED_FIELDS)
            .endObject()
            .json(content)
            .toString();
  }

  private static String managedFields() {
    return new JsonTextWriter()
        .array()
        .object()
        .with("manager", "kube-controller-manager")
        .with("operation", "Update")
        .with("apiVersion", "v1")
        .with("time", CREATED)
        .with("fieldsType", "FieldsV1")
        .object("fieldsV1")
        .object("f:metadata")
        .object("f:labels")
        .withValue(".", Map.of())
        .withValue("f:app", Map.of())
        .endObject()
        .endObject()
        .withValue("f:endpoints", Map.of())
        .endObject()
        .endObject()
        .endArray()
        .toString();
  }

  static StoredObject created(ApiObject object, long version) {
    ObjectKey key = new ObjectKey(object.resource(), object.namespace(), object.name());
    return new StoredObject(
        key,
        version,
        1,
        SliceEndpoint.uid(key.path() + "@" + version),
        new TreeMap<>(object.labels()),
        object.content());
  }

  StoredObject updated(ApiObject object, long newVersion) {
    return new StoredObject(
        key, newVersion, generation + 1, uid, new TreeMap<>(object.labels()), object.content());
  }

  /** The last state, with the version of the deletion, as DELETED events show it. */
  StoredObject deleted(long newVersion) {
    return new StoredObject(key, newVersion, generation, uid, labels, content);
  }

  ObjectKey key() {
    return key;
  }

  long version() {
    return version;
  }

  Map<String, String> labels() {
    return labels;
  }

  boolean says(ApiObject object) {
    return content.equals(object.content()) && labels.equals(object.labels());
  }

  /** An element of a list: the list has said the kind. */
  String inList() {
    return new JsonTextWriter().object().json(fields).endObject().toString();
  }

  /** An object that stands alone. */
  String alone() {
    return new JsonTextWriter()
        .object()
        .with("kind", key.resource().kind())
        .with("apiVersion", key.resource().apiVersion())
        .json(fields)
        .endObject()
        .toString();
  }
}
