package dev.holdfast.control.resources;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.control.xds.XdsResource;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import java.util.List;

/** Resources as the messages they were made of. */
final class Messages {
  private Messages() {}

  static Cluster cluster(List<XdsResource> resources, String name) {
    try {
      return Cluster.parseFrom(find(resources, ResourceType.CLUSTER, name).value());
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  static ClusterLoadAssignment assignment(List<XdsResource> resources, String name) {
    try {
      return ClusterLoadAssignment.parseFrom(find(resources, ResourceType.ENDPOINTS, name).value());
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  static Listener listener(List<XdsResource> resources) {
    try {
      return Listener.parseFrom(
          resources.stream()
              .filter(r -> r.type() == ResourceType.LISTENER)
              .findFirst()
              .orElseThrow()
              .value());
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  static List<Route> routes(Listener listener) {
    return http(listener).getRouteConfig().getVirtualHosts(0).getRoutesList();
  }

  static HttpConnectionManager http(Listener listener) {
    try {
      return listener.getApiListener().getApiListener().unpack(HttpConnectionManager.class);
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  static List<String> addresses(ClusterLoadAssignment assignment) {
    return assignment.getEndpointsList().stream()
        .flatMap(locality -> locality.getLbEndpointsList().stream())
        .map(Messages::address)
        .toList();
  }

  private static String address(LbEndpoint endpoint) {
    SocketAddress socket = endpoint.getEndpoint().getAddress().getSocketAddress();
    return socket.getAddress() + ":" + socket.getPortValue();
  }

  private static XdsResource find(List<XdsResource> resources, ResourceType type, String name) {
    return resources.stream()
        .filter(r -> r.type() == type && r.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + type + " " + name + " in " + resources));
  }
}
