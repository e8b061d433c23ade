package dev.holdfast.spring.boot.starter.discovery;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistryMeter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.cloud.client.ServiceInstance;

/**
 * The endpoints of instances of Spring Cloud.
 *
 * <p>The port of an instance is often that of its HTTP server. So a port in its metadata comes
 * first: that under the key of the target, else under one of the keys in common use.
 *
 * @param registry the scheme, for meters
 * @param portKey the metadata key of the port, of the target
 */
record InstanceMapper(String registry, Optional<String> portKey, MeterRegistry meters) {
  /** The metadata keys under which the port of gRPC commonly stands. */
  static final List<String> PORT_KEYS = List.of("gRPC_port", "gRPC.port", "grpc.port", "grpc-port");

  private static final Logger log = LoggerFactory.getLogger(InstanceMapper.class);
  private static final String ZONE = "zone";

  /** The readable instances; the others are counted. */
  EndpointSet endpoints(List<ServiceInstance> instances) {
    List<Endpoint> endpoints = new ArrayList<>();
    for (ServiceInstance instance : instances) {
      try {
        endpoints.add(endpoint(instance));
      } catch (IllegalArgumentException e) {
        RegistryMeter.RECORDS_MALFORMED.counter(meters, registry).increment();
        log.debug("event=instance_malformed instance={}", instance.getInstanceId(), e);
      }
    }
    return EndpointSet.of(endpoints);
  }

  private Endpoint endpoint(ServiceInstance instance) {
    Map<String, String> metadata = new TreeMap<>();
    Map<String, String> given = instance.getMetadata();
    if (given != null) {
      given.forEach(
          (key, value) -> {
            if (value != null) {
              metadata.put(key, value);
            }
          });
    }
    Endpoint endpoint =
        Endpoint.of(new HostPort(instance.getHost(), port(instance, metadata)))
            .withZone(metadata.getOrDefault(ZONE, ""))
            .withMetadata(metadata);
    String id = instance.getInstanceId();
    return id == null ? endpoint : endpoint.withInstance(id);
  }

  private int port(ServiceInstance instance, Map<String, String> metadata) {
    List<String> keys = portKey.map(List::of).orElse(PORT_KEYS);
    for (String key : keys) {
      String port = metadata.get(key);
      if (port != null) {
        return Integer.parseInt(port);
      }
    }
    if (portKey.isPresent()) {
      throw new IllegalArgumentException(
          "metadata: no " + portKey.get() + " (expected: the port, as the target says)");
    }
    return instance.getPort();
  }
}
