package dev.holdfast.stork;

import dev.holdfast.core.Endpoint;
import io.smallrye.stork.api.Metadata;
import io.smallrye.stork.api.ServiceInstance;
import java.util.Map;
import java.util.Optional;

/**
 * An instance of Stork for an endpoint. The endpoint's metadata are its labels; what the registry
 * knows of every endpoint is its metadata, by {@link EndpointKey}. Immutable.
 */
final class EndpointInstance implements ServiceInstance {
  private final long id;
  private final Endpoint endpoint;
  private final boolean secure;
  private final Metadata<EndpointKey> metadata;

  EndpointInstance(long id, Endpoint endpoint, boolean secure) {
    this.id = id;
    this.endpoint = endpoint;
    this.secure = secure;
    metadata =
        Metadata.of(
            EndpointKey.class,
            Map.of(
                EndpointKey.INSTANCE, endpoint.instance(),
                EndpointKey.ZONE, endpoint.zone(),
                EndpointKey.WEIGHT, endpoint.weight(),
                EndpointKey.DRAINING, endpoint.draining()));
  }

  @Override
  public long getId() {
    return id;
  }

  @Override
  public String getHost() {
    return endpoint.address().host();
  }

  @Override
  public int getPort() {
    return endpoint.address().port();
  }

  @Override
  public Optional<String> getPath() {
    return Optional.empty();
  }

  @Override
  public boolean isSecure() {
    return secure;
  }

  @Override
  public Metadata<EndpointKey> getMetadata() {
    return metadata;
  }

  @Override
  public Map<String, String> getLabels() {
    return endpoint.metadata();
  }

  @Override
  public String toString() {
    return endpoint.address().toString();
  }
}
