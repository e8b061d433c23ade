package dev.holdfast.streams.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.holdfast.streams.internal.Handshake;
import java.util.Arrays;
import java.util.function.Function;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

class HandshakePropertiesTest {
  private static final SessionTokenIssuer MINT =
      new SessionTokenIssuer("a key of 32 bytes for our tests.".getBytes(UTF_8));
  private static final SessionTokenIssuer OTHER =
      new SessionTokenIssuer("another key of thirty-two bytes.".getBytes(UTF_8));

  /** Parses one of the values of the handshake. */
  private interface Parser<T> {
    T parse(byte[] bytes) throws WireException;
  }

  @Provide
  static Arbitrary<SessionToken> tokens() {
    return Arbitraries.strings()
        .ofMaxLength(60)
        .map(owner -> MINT.issue(new SessionId(1, 2), "p", "m", owner));
  }

  @Provide
  static Arbitrary<Hello> hellos() {
    Arbitrary<Long> positions = Arbitraries.longs().between(0, Long.MAX_VALUE);
    Arbitrary<Long> ones = Arbitraries.longs().between(1, Long.MAX_VALUE);
    Arbitrary<Long> tags = Arbitraries.longs().between(1, FrameHeader.HIGHEST_TAG);
    Arbitrary<Long> millis = Arbitraries.longs().between(0, Handshake.MAX_MILLIS);
    Arbitrary<SessionToken> tokens =
        Arbitraries.oneOf(tokens(), Arbitraries.just(SessionToken.NONE));
    Arbitrary<Hello> numbers =
        Combinators.combine(ones, tags, positions, ones, positions, millis, tokens)
            .as(
                (attach, tag, watermark, low, credit, remaining, token) ->
                    new Hello(
                        new SessionId(attach, low),
                        attach,
                        tag,
                        watermark,
                        low,
                        credit,
                        remaining,
                        tag % 2 == 0,
                        token,
                        low % Handshake.MAX_MILLIS,
                        credit));
    return numbers;
  }

  @Provide
  static Arbitrary<Welcome> welcomes() {
    Arbitrary<Long> positions = Arbitraries.longs().between(0, Long.MAX_VALUE);
    Arbitrary<Long> ones = Arbitraries.longs().between(1, Long.MAX_VALUE);
    Arbitrary<Long> millis = Arbitraries.longs().between(0, Handshake.MAX_MILLIS);
    Arbitrary<Integer> counts = Arbitraries.integers().between(0, Integer.MAX_VALUE);
    return Combinators.combine(
            tokens(), positions, ones, positions, millis.map(m -> Math.max(1, m)), counts, millis)
        .as(
            (token, watermark, low, credit, ttl, every, delay) ->
                new Welcome(token, watermark, low, credit, ttl, every, delay, delay / 2));
  }

  @Provide
  static Arbitrary<HandshakeRefusal> handshakeRefusals() {
    Arbitrary<Long> millis = Arbitraries.longs().between(0, Handshake.MAX_MILLIS);
    return Arbitraries.oneOf(
        Arbitraries.of(HandshakeRefusal.RefusalCode.values())
            .filter(refusalCode -> refusalCode != HandshakeRefusal.RefusalCode.MOVED)
            .map(HandshakeRefusal::of),
        Arbitraries.strings().alpha().ofMinLength(1).ofMaxLength(200).map(HandshakeRefusal::moved),
        millis.map(HandshakeRefusal::busy),
        millis.map(
            processed -> HandshakeRefusal.over(HandshakeRefusal.RefusalCode.EXPIRED, processed)));
  }

  @Property
  void anyHelloIsReadAsItWasWritten(@ForAll("hellos") Hello hello) throws WireException {
    assertThat(Hello.parse(hello.toByteArray())).isEqualTo(hello);
    assertThat(hello.toByteArray()).hasSizeLessThanOrEqualTo(Handshake.MAX_BYTES);
  }

  @Property
  void anyWelcomeIsReadAsItWasWritten(@ForAll("welcomes") Welcome welcome) throws WireException {
    assertThat(Welcome.parse(welcome.toByteArray())).isEqualTo(welcome);
    assertThat(welcome.toByteArray()).hasSizeLessThanOrEqualTo(Handshake.MAX_BYTES);
  }

  @Property
  void anyRefusalIsReadAsItWasWritten(
      @ForAll("handshakeRefusals") HandshakeRefusal handshakeRefusal) throws WireException {
    assertThat(HandshakeRefusal.parse(handshakeRefusal.toByteArray())).isEqualTo(handshakeRefusal);
  }

  @Property
  void garbageIsRefused(@ForAll byte[] garbage) {
    byte[] versioned = new byte[garbage.length + 2];
    versioned[0] = 8;
    versioned[1] = Handshake.VERSION;
    System.arraycopy(garbage, 0, versioned, 2, garbage.length);
    for (byte[] bytes : new byte[][] {garbage, versioned}) {
      assertThat(isCanonical(Hello::parse, Hello::toByteArray, bytes)).isTrue();
      assertThat(isCanonical(Welcome::parse, Welcome::toByteArray, bytes)).isTrue();
      assertThat(isCanonical(HandshakeRefusal::parse, HandshakeRefusal::toByteArray, bytes))
          .isTrue();
    }
  }

  @Property
  void oneChangedByteIsAnotherHelloOrRefused(
      @ForAll("hellos") Hello hello, @ForAll byte change, @ForAll @IntRange(max = 400) int at) {
    byte[] bytes = hello.toByteArray();
    bytes[at % bytes.length] = change;
    assertThat(isCanonical(Hello::parse, Hello::toByteArray, bytes)).isTrue();
  }

  @Property
  void aTokenFitsItsSessionPrincipalMethodAndOwnerOnly(
      @ForAll String principal, @ForAll String method, @ForAll("tokens") SessionToken foreign) {
    SessionId id = new SessionId(7, 8);
    SessionToken token = MINT.issue(id, principal, method, "10.0.0.1:50051");

    assertThat(MINT.verify(token, id, principal, method)).isTrue();
    assertThat(token.owner()).contains("10.0.0.1:50051");
    assertThat(MINT.verify(token, new SessionId(7, 9), principal, method)).isFalse();
    assertThat(MINT.verify(token, id, principal + "x", method)).isFalse();
    assertThat(MINT.verify(token, id, principal, method + "x")).isFalse();
    assertThat(MINT.verify(foreign, id, principal, method)).isFalse();
    assertThat(OTHER.verify(token, id, principal, method)).isFalse();
  }

  @Property
  void aTokenThatWasTouchedFitsNothing(@ForAll byte change, @ForAll @IntRange(max = 45) int at) {
    SessionId id = new SessionId(7, 8);
    byte[] bytes = MINT.issue(id, "p", "m", "10.0.0.1:50051").toByteArray();
    if (bytes[at] == change) {
      return;
    }
    bytes[at] = change;
    assertThat(MINT.verify(new SessionToken(bytes), id, "p", "m")).isFalse();
    SessionToken cut = new SessionToken(Arrays.copyOf(bytes, at));
    assertThat(MINT.verify(cut, id, "p", "m")).isFalse();
  }

  @Example
  void aTokenDoesNotShowItselfInALog() {
    assertThat(MINT.issue(new SessionId(1, 2), "p", "m", "")).hasToString("SessionToken(32 bytes)");
  }

  @Example
  void aShortKeyIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SessionTokenIssuer(new byte[15]))
        .withMessage("key: 15 bytes (expected: >= 16)");
  }

  /** Refused, or read as something that has these bytes: there is one spelling of everything. */
  private static <T> boolean isCanonical(
      Parser<T> parser, Function<T, byte[]> encoder, byte[] bytes) {
    try {
      return Arrays.equals(encoder.apply(parser.parse(bytes)), bytes);
    } catch (WireException e) {
      return true;
    }
  }
}
