package dev.holdfast.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.HostPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CuttableRelayTest {
  private ServerSocket echo;
  private CuttableRelay relay;

  @BeforeEach
  void start() throws IOException {
    echo = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread server =
        new Thread(
            () -> {
              while (!echo.isClosed()) {
                try {
                  Socket socket = echo.accept();
                  Thread each =
                      new Thread(
                          () -> {
                            try (socket) {
                              socket.getInputStream().transferTo(socket.getOutputStream());
                            } catch (IOException e) {
                              // The connection was cut, which is what these tests are about.
                              assertThat(e).isNotNull();
                            }
                          });
                  each.setDaemon(true);
                  each.start();
                } catch (IOException e) {
                  assertThat(echo.isClosed()).isTrue();
                }
              }
            });
    server.setDaemon(true);
    server.start();
    relay = CuttableRelay.to(new HostPort("127.0.0.1", echo.getLocalPort()));
  }

  @AfterEach
  void stop() throws IOException {
    relay.close();
    echo.close();
  }

  @Test
  void bytesPassBothWays() throws IOException {
    try (Socket socket = connect()) {
      assertThat(echoed(socket, 'a')).isEqualTo('a');
    }
  }

  @Test
  void aCutEndsConnectionsAndRefusesNewOnesUntilItIsMended() throws IOException {
    try (Socket before = connect()) {
      assertThat(echoed(before, 'a')).isEqualTo('a');
      relay.cut();
      assertThat(before.getInputStream().read()).isEqualTo(-1);
    }
    assertThatThrownBy(this::connect).isInstanceOf(IOException.class);
    relay.mend();
    try (Socket after = connect()) {
      assertThat(echoed(after, 'b')).isEqualTo('b');
    }
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(relay.address().host(), relay.address().port());
    socket.setSoTimeout(5_000);
    return socket;
  }

  private static int echoed(Socket socket, int value) throws IOException {
    socket.getOutputStream().write(value);
    return socket.getInputStream().read();
  }
}
