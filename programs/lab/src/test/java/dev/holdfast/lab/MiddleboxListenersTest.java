package dev.holdfast.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where a middlebox listens, and how it falls off the network and comes back. */
// Each test opens its own target.
@SuppressWarnings("NullAway.Init")
class MiddleboxListenersTest {
  private static final int QUICK_MILLIS = 200;

  private ServerSocket target;

  @BeforeEach
  void open() throws IOException {
    target = new ServerSocket(0, 500, InetAddress.getLoopbackAddress());
  }

  @AfterEach
  void close() throws IOException {
    target.close();
  }

  @Test
  void whatIsSentWhileTheCableIsPulledArrivesOnceItIsPluggedIn() throws Exception {
    try (Middlebox middlebox = Middlebox.toPort(target.getLocalPort()).start();
        FlowPair pair = FlowPair.through(middlebox.address(), target)) {
      pair.clientSays("ping");
      assertThat(pair.serverHears(4)).isEqualTo("ping");
      middlebox.pullOut();
      pair.clientSays("more");
      pair.serverSays("pong");
      assertHearsNothing(pair.server);
      assertHearsNothing(pair.client);
      middlebox.plugIn();
      assertThat(pair.serverHears(4)).isEqualTo("more");
      assertThat(pair.clientHears(4)).isEqualTo("pong");
      assertThat(middlebox.counts().opened()).isEqualTo(1);
    }
  }

  @Test
  void nobodyCanConnectWhileTheCableIsPulled() throws Exception {
    try (Middlebox middlebox = Middlebox.toPort(target.getLocalPort()).start()) {
      assumeTrue(middlebox.isFaithful(), "epoll is missing");
      middlebox.pullOut();
      try (Socket client = new Socket()) {
        assertThatThrownBy(() -> client.connect(middlebox.address(), QUICK_MILLIS))
            .isInstanceOf(SocketTimeoutException.class);
      }
      middlebox.plugIn();
      FlowPair.through(middlebox.address(), target).close();
    }
  }

  @Test
  void aForgottenConnectionStaysForgottenHoweverOftenTheCableIsPulled() throws Exception {
    try (Middlebox middlebox = Middlebox.toPort(target.getLocalPort()).start();
        FlowPair pair = FlowPair.through(middlebox.address(), target)) {
      // One that is still being opened is not forgotten but refused.
      pair.clientSays("ping");
      assertThat(pair.serverHears(4)).isEqualTo("ping");
      middlebox.forgetFlows();
      middlebox.pullOut();
      middlebox.plugIn();
      pair.clientSays("anyone?");
      assertHearsNothing(pair.server);
    }
  }

  @Test
  void everyPortLeadsToTheTarget() throws Exception {
    try (Middlebox middlebox = Middlebox.toPort(target.getLocalPort()).ports(3).start()) {
      assertThat(middlebox.ports()).hasSize(3).doesNotHaveDuplicates();
      assertThat(middlebox.ports().get(0)).isEqualTo(middlebox.port());
      for (int port : middlebox.ports()) {
        InetSocketAddress listener = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        try (FlowPair pair = FlowPair.through(listener, target)) {
          pair.clientSays("ping");
          assertThat(pair.serverHears(4)).isEqualTo("ping");
        }
      }
    }
  }

  @Test
  void itListensOnIpv6WhereTheMachineHasIt() throws Exception {
    byte[] one = new byte[16];
    one[15] = 1;
    InetAddress six = InetAddress.getByAddress(one);
    assumeTrue(NetworkInterface.getByInetAddress(six) != null, "no IPv6 here");
    try (Middlebox middlebox = Middlebox.toPort(target.getLocalPort()).host(six).start();
        FlowPair pair = FlowPair.through(middlebox.address(), target)) {
      assertThat(middlebox.address().getAddress()).isEqualTo(six);
      pair.clientSays("ping");
      assertThat(pair.serverHears(4)).isEqualTo("ping");
    }
  }

  @Test
  void nonsenseIsRefusedWithWhatWasExpected() throws Exception {
    Middlebox.Builder builder = Middlebox.toPort(target.getLocalPort());
    assertThatThrownBy(() -> builder.ports(0)).hasMessage("ports: 0 (expected: 1 to 4000)");
    InetAddress elsewhere = InetAddress.getByAddress(new byte[] {10, 0, 0, 1});
    assertThatThrownBy(() -> builder.host(elsewhere))
        .hasMessage("host: /10.0.0.1 (expected: a loopback address)");
  }

  private static void assertHearsNothing(Socket socket) throws IOException {
    socket.setSoTimeout(QUICK_MILLIS);
    assertThatThrownBy(() -> socket.getInputStream().read())
        .isInstanceOf(SocketTimeoutException.class);
    socket.setSoTimeout(FlowPair.LIMIT_MILLIS);
  }
}
