package dev.holdfast.lab.kubernetes;

import dev.holdfast.core.JsonTextWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint of an EndpointSlice. The three conditions are null when the API server omits them.
 *
 * @param addresses at least one; clients use the first
 * @param ready whether it takes new calls; null counts as true
 * @param serving as ready, but not turned off by termination; null counts as ready
 * @param terminating whether its pod is being deleted; null counts as false
 * @param zone "" when unknown
 * @param hintZones the zones it is meant for; none when there is no hint
 * @param pod the pod behind it; "" for none
 */
public record SliceEndpoint(
    List<String> addresses,
    @Nullable Boolean ready,
    @Nullable Boolean serving,
    @Nullable Boolean terminating,
    String zone,
    List<String> hintZones,
    String pod) {

  public SliceEndpoint {
    addresses = List.copyOf(addresses);
    hintZones = List.copyOf(hintZones);
  }

  /** A ready endpoint of a pod named after its address. */
  public static SliceEndpoint of(String address) {
    String pod = "pod-" + address.replaceAll("[^0-9a-z]+", "-");
    return new SliceEndpoint(List.of(address), true, true, false, "", List.of(), pod);
  }

  /** This endpoint in another zone. */
  public SliceEndpoint inZone(String value) {
    return new SliceEndpoint(addresses, ready, serving, terminating, value, hintZones, pod);
  }

  /** This endpoint with hints for topology-aware routing. */
  public SliceEndpoint hintedFor(String... zones) {
    return new SliceEndpoint(addresses, ready, serving, terminating, zone, List.of(zones), pod);
  }

  /** This endpoint with other conditions. */
  public SliceEndpoint withConditions(
      @Nullable Boolean isReady, @Nullable Boolean isServing, @Nullable Boolean isTerminating) {
    return new SliceEndpoint(addresses, isReady, isServing, isTerminating, zone, hintZones, pod);
  }

  /** As a readiness probe that fails leaves it. */
  public SliceEndpoint unready() {
    return withConditions(false, false, false);
  }

  /** As a deleted pod that still answers: it finishes what it has and wants nothing new. */
  public SliceEndpoint leaving() {
    return withConditions(false, true, true);
  }

  /** This endpoint with a pod of another name, as after a restart on the same address. */
  public SliceEndpoint ofPod(String value) {
    return new SliceEndpoint(addresses, ready, serving, terminating, zone, hintZones, value);
  }

  String json(String namespace) {
    JsonTextWriter json = new JsonTextWriter().object();
    GoSlice.write(json, "addresses", addresses.stream().map(JsonTextWriter::quoted).toList());
    json.object("conditions");
    condition(json, "ready", ready);
    condition(json, "serving", serving);
    condition(json, "terminating", terminating);
    json.endObject();
    if (!pod.isEmpty()) {
      json.with("nodeName", "node-1")
          .object("targetRef")
          .with("kind", "Pod")
          .with("namespace", namespace)
          .with("name", pod)
          .with("uid", uid(namespace + "/" + pod))
          .endObject();
    }
    if (!zone.isEmpty()) {
      json.with("zone", zone);
    }
    if (!hintZones.isEmpty()) {
      json.object("hints").array("forZones");
      hintZones.forEach(hint -> json.object().with("name", hint).endObject());
      json.endArray().endObject();
    }
    return json.endObject().toString();
  }

  private static void condition(JsonTextWriter conditions, String name, @Nullable Boolean value) {
    if (value != null) {
      conditions.with(name, value);
    }
  }

  static String uid(String what) {
    return UUID.nameUUIDFromBytes(what.getBytes(StandardCharsets.UTF_8)).toString();
  }
}
