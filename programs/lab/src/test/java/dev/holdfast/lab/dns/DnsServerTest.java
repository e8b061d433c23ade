package dev.holdfast.lab.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Byte by byte, so that no library's idea of DNS is tested against itself. */
class DnsServerTest {
  private static final int ID = 0x4711;
  private static final int HEADER_BYTES = 12;
  private static final int TRUNCATED = 0x0200;
  private static final int CODE_MASK = 0xf;
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final DnsServer server = DnsServer.start();

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void anAddressIsAnsweredOverUdpAndTcpAlike() throws Exception {
    server.zone().addresses("Orders.Example", MINUTE, "10.0.0.1");

    ByteBuffer answer = overUdp("orders.example", DnsType.A);
    assertThat(overTcp("orders.example", DnsType.A)).isEqualTo(answer);
    assertThat(Short.toUnsignedInt(answer.getShort(0))).isEqualTo(ID);
    assertThat(answerCount(answer)).isEqualTo(1);
    // The TTL stands ten bytes before the end: TTL, length, four bytes of address.
    int end = answer.limit();
    assertThat(answer.getInt(end - 10)).isEqualTo(60);
    assertThat(answer.getInt(end - 4)).isEqualTo(0x0a000001);
  }

  @Test
  void anUnknownNameDoesNotExistAndAKnownOneMayHaveNoRecords() throws Exception {
    server.zone().addresses("v4.example", MINUTE, "10.0.0.1");

    assertThat(code(overUdp("nobody.example", DnsType.A))).isEqualTo(DnsWire.NXDOMAIN);
    ByteBuffer nothing = overUdp("v4.example", DnsType.AAAA);
    assertThat(code(nothing)).isEqualTo(DnsWire.NOERROR);
    assertThat(answerCount(nothing)).isZero();
  }

  @Test
  void anAliasComesWithTheRecordsOfItsTarget() throws Exception {
    server.zone().alias("a.example", MINUTE, "b.example").addresses("b.example", MINUTE, "::1");

    assertThat(answerCount(overUdp("a.example", DnsType.AAAA))).isEqualTo(2);
  }

  @Test
  void anAnswerThatIsTooLongForPlainUdpIsTruncatedAndWholeOverTcp() throws Exception {
    server
        .zone()
        .addresses(
            "big.example",
            MINUTE,
            IntStream.range(0, 100).mapToObj(i -> "10.0.1." + i).toArray(String[]::new));

    ByteBuffer truncated = overUdp("big.example", DnsType.A);
    assertThat(truncated.getShort(2) & TRUNCATED).isEqualTo(TRUNCATED);
    assertThat(answerCount(truncated)).isZero();
    assertThat(answerCount(overTcp("big.example", DnsType.A))).isEqualTo(100);
  }

  @Test
  void faultsLastForAsManyQueriesAsTold() throws Exception {
    server.zone().addresses("a.example", MINUTE, "10.0.0.1").addresses("b.example", MINUTE, "::1");
    server.fail("a.example", DnsFault.of(DnsFault.DnsFaultKind.SERVFAIL).forQueries(2));

    assertThat(code(overUdp("a.example", DnsType.A))).isEqualTo(DnsWire.SERVFAIL);
    assertThat(code(overUdp("b.example", DnsType.A))).isEqualTo(DnsWire.NOERROR);
    assertThat(code(overUdp("a.example", DnsType.A))).isEqualTo(DnsWire.SERVFAIL);
    assertThat(code(overUdp("a.example", DnsType.A))).isEqualTo(DnsWire.NOERROR);
    assertThat(server.queryCount("a.example", DnsType.A)).isEqualTo(3);
  }

  @Test
  void theFaultOfAQuestionGoesBeforeThatOfItsNameAndThatBeforeAll() throws Exception {
    server.zone().addresses("a.example", MINUTE, "10.0.0.1");
    server.fail(DnsFault.of(DnsFault.DnsFaultKind.REFUSED));
    server.fail("a.example", DnsFault.of(DnsFault.DnsFaultKind.NXDOMAIN));
    server.fail("a.example", DnsType.AAAA, DnsFault.of(DnsFault.DnsFaultKind.SERVFAIL));

    assertThat(code(overUdp("a.example", DnsType.AAAA))).isEqualTo(DnsWire.SERVFAIL);
    assertThat(code(overUdp("a.example", DnsType.A))).isEqualTo(DnsWire.NXDOMAIN);
    assertThat(code(overUdp("b.example", DnsType.A))).isEqualTo(DnsWire.REFUSED);
    server.heal();
    assertThat(code(overUdp("a.example", DnsType.A))).isEqualTo(DnsWire.NOERROR);
  }

  @Test
  void aSilentServerIsSilentAndASlowOneAnswersLate() throws Exception {
    server.zone().addresses("a.example", MINUTE, "10.0.0.1");
    server.fail(DnsFault.of(DnsFault.DnsFaultKind.SILENCE).forQueries(1));
    assertThatThrownBy(() -> overUdp("a.example", DnsType.A, 200))
        .isInstanceOf(SocketTimeoutException.class);

    server.fail(DnsFault.delayed(Duration.ofMillis(200)));
    long beganNanos = System.nanoTime();
    assertThat(answerCount(overUdp("a.example", DnsType.A))).isEqualTo(1);
    assertThat(Duration.ofNanos(System.nanoTime() - beganNanos))
        .isGreaterThan(Duration.ofMillis(195));
  }

  @Test
  void aServerCanComeBackOnItsPort() throws Exception {
    server.close();
    try (DnsServer again = DnsServer.startAt(server.address().getPort())) {
      assertThat(again.address()).isEqualTo(server.address());
    }
  }

  private ByteBuffer overUdp(String name, DnsType type) throws IOException {
    return overUdp(name, type, 10_000);
  }

  private ByteBuffer overUdp(String name, DnsType type, int timeoutMillis) throws IOException {
    byte[] query = query(name, type);
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.setSoTimeout(timeoutMillis);
      socket.send(new DatagramPacket(query, query.length, server.address()));
      DatagramPacket answer = new DatagramPacket(new byte[65_535], 65_535);
      socket.receive(answer);
      return ByteBuffer.wrap(Arrays.copyOf(answer.getData(), answer.getLength()));
    }
  }

  private ByteBuffer overTcp(String name, DnsType type) throws IOException {
    byte[] query = query(name, type);
    try (Socket socket = new Socket(server.address().getAddress(), server.address().getPort())) {
      socket.setSoTimeout(10_000);
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      out.writeShort(query.length);
      out.write(query);
      DataInputStream in = new DataInputStream(socket.getInputStream());
      byte[] answer = new byte[in.readUnsignedShort()];
      in.readFully(answer);
      return ByteBuffer.wrap(answer);
    }
  }

  private static byte[] query(String name, DnsType type) {
    ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES + name.length() + 6);
    out.putShort((short) ID).putShort((short) 0x0100).putShort((short) 1);
    out.putShort((short) 0).putShort((short) 0).putShort((short) 0);
    for (String label : name.split("\\.", -1)) {
      out.put((byte) label.length()).put(label.getBytes(StandardCharsets.US_ASCII));
    }
    out.put((byte) 0).putShort((short) type.code()).putShort((short) 1);
    return out.array();
  }

  private static int code(ByteBuffer answer) {
    return answer.getShort(2) & CODE_MASK;
  }

  private static int answerCount(ByteBuffer answer) {
    return Short.toUnsignedInt(answer.getShort(6));
  }
}
