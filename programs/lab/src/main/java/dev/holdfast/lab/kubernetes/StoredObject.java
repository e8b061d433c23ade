package dev.holdfast.lab.kubernetes;

import dev.holdfast.core.JsonTextWriter;
import java.util.Map;
import java.util.TreeMap;

/** A version of an object, with its JSON text. Immutable. */
final class StoredObject {
  /** Real lists carry it for every object: a client must be able to skip it. */
  private static final String MANAGED_FIELDS =
      "[{\"manager\":\"kube-controller-manager\",\"operation\":\"Update\",\"apiVersion\":\"v1\","
          + "\"time\":\"2026-01-01T00:00:00Z\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":"
          + "{\"f:metadata\":{\"f:labels\":{\".\":{},\"f:app\":{}}},\"f:endpoints\":{}}}]";

  private static final String CREATED = "2026-01-01T00:00:00Z";

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
    JsonTextWriter metadata =
        new JsonTextWriter()
            .object()
            .with("name", key.name())
            .with("namespace", key.namespace())
            .with("uid", uid)
            .with("resourceVersion", Long.toString(version))
            .with("generation", generation)
            .with("creationTimestamp", CREATED)
            .withValue("labels", labels)
            .withJson("managedFields", MANAGED_FIELDS)
            .endObject();
    fields = "\"metadata\":" + metadata + "," + content + "}";
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
    return "{" + fields;
  }

  /** An object that stands alone. */
  String alone() {
    return "{\"kind\":\""
        + key.resource().kind()
        + "\",\"apiVersion\":\""
        + key.resource().apiVersion()
        + "\","
        + fields;
  }
}
