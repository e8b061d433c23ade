package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.testkit.TestCertificate;
import dev.holdfast.gateway.frontend.HttpFrontend;
import dev.holdfast.gateway.listener.ListenerOptions;
import dev.holdfast.gateway.route.ResumePolicy;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.gateway.tls.ListenerTls;
import dev.holdfast.gateway.tls.TlsContexts;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The client certificate as a part of the principal of a resumable stream. */
class ResumableCertificatesTest {
  private static final Pattern ID = Pattern.compile("id: (\\S+)");

  @TempDir Path folder;

  private final GatewayRig rig = new GatewayRig();
  private final PushedGreetings service = new PushedGreetings();

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void aRenewedCertificateOfTheSameNamesGoesOnAndAnotherDoesNot() throws Exception {
    TlsRig tls = new TlsRig(folder);
    Gateway gateway = gateway(tls);
    String id;
    PushedGreetings.Stream stream;
    try (SSLSocket socket = ask(tls, gateway, tls.issue("anna.example"), "")) {
      stream = service.next();
      stream.say(1, "");
      String text = until(socket, "\"number\":\"1\"");
      Matcher matcher = ID.matcher(text);
      assertThat(matcher.find()).as(text).isTrue();
      id = matcher.group(1);
    }
    try (SSLSocket socket = ask(tls, gateway, tls.issue("bert.example"), id)) {
      assertThat(until(socket, "RESUME_")).startsWith("HTTP/1.1 409 ").contains("not known");
    }
    try (SSLSocket socket = ask(tls, gateway, tls.issue("anna.example"), id)) {
      stream.say(1, "");
      assertThat(until(socket, "\"number\":\"2\"")).startsWith("HTTP/1.1 200 ");
    }
  }

  private Gateway gateway(TlsRig tls) throws Exception {
    rig.terms(RouteOptions.DEFAULT.withResume(ResumePolicy.DEFAULT));
    TlsContexts contexts = rig.closing(TlsContexts.open(rig.meters));
    ListenerTls mutual = tls.mutual(TlsRig.identity(tls.issue()), true);
    ListenerOptions listener = ListenerOptions.tls(TlsRig.loopback(), contexts.server(mutual));
    return rig.closing(
        Gateway.open(
            GatewayOptions.listeningAt(List.of(listener))
                .withThreads(1)
                .withDrain(new DrainTimes(Duration.ZERO, Duration.ZERO, Duration.ZERO))
                .withMeters(rig.meters)
                .withFrontend(HttpFrontend.of(FrontendRig.KNOWN)),
            rig.snapshot(rig.serve(service))));
  }

  private static SSLSocket ask(TlsRig tls, Gateway gateway, TestCertificate own, String lastId)
      throws Exception {
    SSLSocket socket = tls.socket(tls.context(own), gateway.address(), "TLSv1.3", "", "");
    String resume = lastId.isEmpty() ? "x-a: b" : "last-event-id: " + lastId;
    String head =
        FrontendRig.lines(
            "GET " + ResumableRig.MANY + " HTTP/1.1",
            "host: x",
            "accept: text/event-stream",
            resume);
    socket.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
    return socket;
  }

  /** Everything up to a text. */
  private static String until(SSLSocket socket, String text) throws Exception {
    StringBuilder all = new StringBuilder();
    InputStream in = socket.getInputStream();
    while (all.indexOf(text) < 0) {
      int next = in.read();
      if (next < 0) {
        throw new AssertionError("ended: " + all);
      }
      all.append((char) next);
    }
    return all.toString();
  }
}
