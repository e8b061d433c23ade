package dev.holdfast.gateway.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Who may talk to whom, and what is said of addresses. */
class HandoverPathTest {

  @Test
  void onlyTheSameUserAndRootMayTalk() {
    assertThat(HandoverPath.untrustedPeer(1000, 1000)).isEmpty();
    assertThat(HandoverPath.untrustedPeer(0, 1000)).isEmpty();
    assertThat(HandoverPath.untrustedPeer(1001, 1000))
        .hasValue("a process of uid 1001 (expected: 1000)");
    assertThat(HandoverPath.untrustedPeer(1001, 0)).hasValue("a process of uid 1001 (expected: 0)");
  }

  @Test
  void aFolderOfAnotherOrForAllIsRefused() {
    assertThat(
            HandoverPath.untrustedFolder(1000, 1000, PosixFilePermissions.fromString("rwxr-xr-x")))
        .isEmpty();
    assertThat(HandoverPath.untrustedFolder(0, 1000, PosixFilePermissions.fromString("rwxr-xr-x")))
        .isEmpty();
    assertThat(
            HandoverPath.untrustedFolder(1001, 1000, PosixFilePermissions.fromString("rwx------")))
        .hasValue("belongs to uid 1001 (expected: 1000)");
    assertThat(
            HandoverPath.untrustedFolder(1000, 1000, PosixFilePermissions.fromString("rwxrwx---")))
        .isPresent();
  }

  @Test
  void addressesAreReadAsTheyWereWritten() throws Exception {
    List<InetSocketAddress> addresses =
        List.of(
            new InetSocketAddress(ip(0, 0, 0, 0), 80),
            new InetSocketAddress(ip(127, 0, 0, 1), 8080),
            new InetSocketAddress(ip(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), 443));
    assertThat(SocketAddressText.parse(SocketAddressText.text(addresses))).isEqualTo(addresses);
  }

  @Test
  void nothingIsLookedUpAndNothingIsEndless() throws Exception {
    assertThatThrownBy(() -> SocketAddressText.parse("example.com:80"))
        .isInstanceOf(HandoverException.class)
        .hasMessageContaining("(expected: IP:PORT)");
    assertThatThrownBy(() -> SocketAddressText.parse(""))
        .hasMessage("0 sockets (expected: 1 to 64)");
    InetAddress loopback = ip(127, 0, 0, 1);
    List<InetSocketAddress> many =
        IntStream.rangeClosed(1, 65)
            .mapToObj(port -> new InetSocketAddress(loopback, port))
            .toList();
    assertThatThrownBy(() -> SocketAddressText.parse(SocketAddressText.text(many)))
        .hasMessage("65 sockets (expected: 1 to 64)");
  }

  private static InetAddress ip(int... bytes) throws UnknownHostException {
    byte[] address = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      address[i] = (byte) bytes[i];
    }
    return InetAddress.getByAddress(address);
  }
}
