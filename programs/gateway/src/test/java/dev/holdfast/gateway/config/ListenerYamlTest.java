package dev.holdfast.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.core.ServiceTarget;
import dev.holdfast.gateway.listener.CidrRange;
import dev.holdfast.gateway.listener.L4Options;
import dev.holdfast.gateway.listener.ProxyProtocolOptions;
import dev.holdfast.gateway.tls.ServerNames;
import dev.holdfast.yaml.YamlException;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a gateway's file says of its listeners. */
class ListenerYamlTest {
  @Test
  void proxiesAreBelievedAsTheFileSays() throws Exception {
    GatewayConfig config =
        parse(
            """
            listeners:
              - address: 8080
                proxy-protocol: optional
                trusted: [10.0.0.0/8, "2001:db8::1"]
            """);
    assertThat(config.listeners().get(0).proxies())
        .contains(
            new ProxyProtocolOptions(
                false,
                List.of(
                    new CidrRange(InetAddress.getByName("10.0.0.0"), 8),
                    new CidrRange(InetAddress.getByName("2001:db8::1"), 128))));
  }

  @Test
  void whatIsNotHttpGoesWhereTheFileSays() {
    String file =
        """
        listeners:
          - address: 5432
            protocol: l4
            cluster: db
            sni: {Shop.example: shop, "*.shop.example": shop}
            send-proxy-protocol: v2
        clusters:
          db: {endpoints: ["h:5432"]}
          shop: {endpoints: ["h:443"]}
        """;
    assertThat(parse(file).listeners().get(0).l4())
        .contains(
            new L4Options(
                Optional.of("db"),
                new ServerNames<>(Map.of("shop.example", "shop", "*.shop.example", "shop")),
                true));
    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(() -> parse(file.replace("443\"]", "443\"], tls: {}")))
        .withMessageContaining(
            "gateway.yaml:5: listeners[0].sni.Shop.example: shop, which has tls");
    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(
            () ->
                parse(
                    file.replace(
                        "send-proxy-protocol: v2",
                        "proxy-protocol: optional\n    trusted: [10.0.0.1]")))
        .withMessageContaining("proxy-protocol: optional beside protocol: l4 (expected: none or");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "listeners: 8080 | listeners: 8080 (expected: a list of listeners)",
        "listeners: [{}] | listeners[0].address: nothing (expected: PORT or IP:PORT",
        "listeners: [{address: host:80}] | listeners[0].address: host:80 (expected: PORT or",
        "listeners: [{address: 70000}] | listeners[0].address: 70000 (expected: PORT or",
        "listeners: [{address: 1}, {address: '0.0.0.0:1'}] | listeners[1].address: 0.0.0.0:1 (exp",
        "listeners: [{address: 1, tls: {}}] | listeners[0].tls.certificate: nothing (expected: bo",
        "listeners: [{address: 1, tls: {client-auth: no}}] | client-auth: no (expected: require or",
        "listeners: [{address: 1, tls: {cert: a}}] | listeners[0].tls.cert: unknown (expected: o",
        "listeners: [{address: 1, tls: {client-auth: require}}] | client-auth: without client-ca",
        "listeners: [{address: 1, tls: {forward-client: yes}}] | forward-client: yes (expected:"
            + " set",
        "listeners: [{address: 1, tls: {forward-client: set}}] | forward-client: without client-ca",
        "listeners: [{address: 1, tls: {certificates: [{}]}}] | certificates[0].names: none (exp",
        "listeners: [{address: 1, tls: {certificates: [{names: [a b]}]}}] | names[0]: a b",
        "listeners: [{address: 1, tls: {certificates: [{names: [a, A]}]}}] | names[1]: a"
            + " (expected:",
        "listeners: [{address: 1, proxy-protocol: v2}] | proxy-protocol: v2 (expected: none or op",
        "listeners: [{address: 1, proxy-protocol: require}] | trusted: nobody (expected: a list of",
        "listeners: [{address: 1, trusted: [10.0.0.1]}] | trusted: without proxy-protocol",
        "listeners: [{address: 1, proxy-protocol: require, trusted: [10.0.0.0/33]}] | trusted[0]:",
        "listeners: [{address: 1, protocol: tcp}] | protocol: tcp (expected: http or l4)",
        "listeners: [{address: 1, protocol: l4}] | cluster: nothing (expected: the name of a clus",
        "listeners: [{address: 1, cluster: db}] | cluster: without protocol: l4 (expected: both,"
            + " or",
        "listeners: [{address: 1, protocol: l4, cluster: db}] | cluster: db (expected: the name of",
        "listeners: [{address: 1, protocol: l4, sni: {a b: db}}] | sni.a b: no name (expected: a"
            + " host",
        "listeners: [{address: 1, protocol: l4, sni: {a: db}}] | sni.a: db (expected: the name of"
            + " a",
        "listeners: [{address: 1, protocol: l4, send-proxy-protocol: v1}] | v1 (expected: none or"
            + " v2)",
      })
  void aMistakeIsToldWithWhatWasExpected(String text, String problem) {
    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(() -> parse(text))
        .withMessageContaining(problem);
  }

  private static GatewayConfig parse(String text) {
    return GatewayYaml.parse("gateway.yaml", text, ServiceTarget::parse, Optional.empty());
  }
}
