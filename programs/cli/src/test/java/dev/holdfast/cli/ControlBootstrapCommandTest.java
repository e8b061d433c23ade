package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ControlBootstrapCommandTest {
  @Test
  void plainFileHasTheServerAndALocalityEvenAnEmptyOne() {
    CommandRun run = bootstrap("--server", "10.0.0.5:18000", "--node-id", "shop-1");

    assertThat(run.code()).isZero();
    assertThat(run.err()).isEmpty();
    assertThat(run.out())
        .isEqualTo(
            """
            {
              "xds_servers": [
                {
                  "server_uri": "10.0.0.5:18000",
                  "channel_creds": [{"type": "insecure"}],
                  "server_features": ["xds_v3"]
                }
              ],
              "node": {
                "id": "shop-1",
                "locality": {"region": "", "zone": "", "sub_zone": ""}
              }
            }
            """);
  }

  @Test
  void serversLocalityAndCertificatesAreInTheFile() {
    CommandRun run =
        bootstrap(
            "--server=[fd00::5]:18000",
            "--server=control.example:18000",
            "--locality=eu-1/a",
            "--ca=/etc/ca.pem",
            "--cert=/etc/me.pem",
            "--key=/etc/me.key");

    assertThat(run.out())
        .contains(
            "\"server_uri\": \"[fd00::5]:18000\"",
            "\"server_uri\": \"control.example:18000\"",
            "\"locality\": {\"region\": \"eu-1\", \"zone\": \"a\", \"sub_zone\": \"\"}",
            "[{\"type\": \"tls\", \"config\": {\"ca_certificate_file\": \"/etc/ca.pem\","
                + " \"certificate_file\": \"/etc/me.pem\", \"private_key_file\":"
                + " \"/etc/me.key\"}}]");
    assertThat(bootstrap("--server=h:1", "--tls").out())
        .contains("\"channel_creds\": [{\"type\": \"tls\"}]");
  }

  @Test
  void nodeIsCalledLikeTheMachineUnlessSaidOtherwise() {
    assertThat(bootstrap("--server=h:1").out()).containsPattern("\"id\": \"[^\"]+\"");
    assertThat(bootstrap("--server=h:1", "--node-id=a\"b\\c").out())
        .contains("\"id\": \"a\\\"b\\\\c\"");
  }

  @Test
  void mistakesAreNamed() {
    assertRefused(bootstrap(), "--server");
    assertRefused(bootstrap("--server", "nowhere"), "address: \"nowhere\" (expected: host:port");
    assertRefused(bootstrap("--server=h:1", "--cert=x"), "cert: without key (expected: both");
    assertRefused(
        bootstrap("--server=h:1", "--locality=a/b/c/d"),
        "locality: a/b/c/d (expected: ZONE, REGION/ZONE or REGION/ZONE/SUB_ZONE)");
    assertRefused(bootstrap("--server=h:1", "--node-id="), "node-id: \"\" (expected: a name)");
  }

  private static void assertRefused(CommandRun run, String text) {
    assertThat(run.err()).contains(text);
    assertThat(run.code()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
  }

  private static CommandRun bootstrap(String... args) {
    String[] all = new String[args.length + 2];
    all[0] = "control";
    all[1] = "bootstrap";
    System.arraycopy(args, 0, all, 2, args.length);
    return CommandRun.with(Map.of(), all);
  }
}
