package dev.holdfast.control;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import dev.holdfast.control.internal.xds.XdsResponse;
import dev.holdfast.control.xds.XdsResource;
import dev.holdfast.core.annotation.Limit;
import io.envoyproxy.envoy.config.core.v3.ControlPlane;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The encoder of responses, which encodes each content once. A change for a thousand streams is
 * encoded for the first of them, and the others send the same bytes with a nonce of their own.
 * Thread-safe.
 */
final class XdsResponseEncoder {
  @Limit(
      of = "bytes of encoded responses that are kept for further streams",
      then = "the ones used longest ago are dropped")
  private static final int MAX_KEPT_BYTES = 64 << 20;

  private record Content(List<XdsResource> resources, List<String> removed, boolean delta) {}

  private final ControlPlane identity;
  private final Map<Content, byte[]> kept = new LinkedHashMap<>(16, 0.75f, true);
  private long keptBytes;

  XdsResponseEncoder(String identifier) {
    identity = ControlPlane.newBuilder().setIdentifier(identifier).build();
  }

  EncodedXdsResponse sotw(XdsResponse reply) {
    return new EncodedXdsResponse(
        shared(reply, false), nonce(DiscoveryResponse.NONCE_FIELD_NUMBER, reply.nonce()));
  }

  EncodedXdsResponse delta(XdsResponse reply) {
    return new EncodedXdsResponse(
        shared(reply, true), nonce(DeltaDiscoveryResponse.NONCE_FIELD_NUMBER, reply.nonce()));
  }

  private byte[] shared(XdsResponse reply, boolean delta) {
    if (reply.resources().isEmpty()) {
      // The type is not told by its resources.
      return delta ? encodeDelta(reply) : encodeSotw(reply);
    }
    Content content = new Content(reply.resources(), reply.removed(), delta);
    synchronized (kept) {
      byte[] known = kept.get(content);
      if (known != null) {
        return known;
      }
    }
    byte[] made = delta ? encodeDelta(reply) : encodeSotw(reply);
    synchronized (kept) {
      byte[] replaced = kept.put(content, made);
      keptBytes += made.length - (replaced == null ? 0 : replaced.length);
      Iterator<byte[]> oldest = kept.values().iterator();
      while (keptBytes > MAX_KEPT_BYTES && oldest.hasNext()) {
        keptBytes -= oldest.next().length;
        oldest.remove();
      }
    }
    return made;
  }

  private byte[] encodeSotw(XdsResponse reply) {
    DiscoveryResponse.Builder response =
        DiscoveryResponse.newBuilder()
            .setVersionInfo(reply.version())
            .setTypeUrl(reply.type().typeUrl())
            .setControlPlane(identity);
    reply.resources().forEach(resource -> response.addResources(any(resource)));
    return response.build().toByteArray();
  }

  private byte[] encodeDelta(XdsResponse reply) {
    DeltaDiscoveryResponse.Builder response =
        DeltaDiscoveryResponse.newBuilder()
            .setSystemVersionInfo(reply.version())
            .setTypeUrl(reply.type().typeUrl())
            .setControlPlane(identity)
            .addAllRemovedResources(reply.removed());
    for (XdsResource resource : reply.resources()) {
      response.addResources(
          Resource.newBuilder()
              .setName(resource.name())
              .setVersion(resource.version())
              .setResource(any(resource)));
    }
    return response.build().toByteArray();
  }

  private static Any any(XdsResource resource) {
    ByteString value = resource.value();
    return Any.newBuilder().setTypeUrl(resource.type().typeUrl()).setValue(value).build();
  }

  private static byte[] nonce(int field, String nonce) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      CodedOutputStream out = CodedOutputStream.newInstance(bytes);
      out.writeString(field, nonce);
      out.flush();
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException("memory has no room", e);
    }
  }
}
