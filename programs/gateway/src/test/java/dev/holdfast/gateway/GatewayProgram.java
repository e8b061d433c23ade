package dev.holdfast.gateway;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.frontend.HttpFrontend;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.route.RouteOptions;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * A gateway in a process of its own, before the one endpoint that is its argument. Says {@code port
 * N}, and ends with its standard input.
 */
final class GatewayProgram {
  private GatewayProgram() {}

  public static void main(String[] arguments) throws Exception {
    Route route = new Route("all", "all", RouteOptions.DEFAULT);
    EndpointSet endpoints = EndpointSet.of(List.of(Endpoint.of(arguments[0])));
    GatewaySnapshot snapshot =
        new GatewaySnapshot(
            head -> route,
            Map.of("all", Cluster.fixed("all", endpoints, GatewayRig.PATIENT)),
            GatewayLimits.DEFAULT);
    GatewayOptions options =
        GatewayOptions.listeningAt(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .withThreads(2)
            .withFrontend(HttpFrontend.of(FrontendRig.KNOWN));
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    Gateway gateway = Gateway.open(options, snapshot);
    System.out.println("port " + gateway.address().getPort());
    while (orders.readLine() != null) {
      // Nobody says anything but its end.
    }
    System.exit(0);
  }
}
