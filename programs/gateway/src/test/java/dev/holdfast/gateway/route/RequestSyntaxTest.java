package dev.holdfast.gateway.route;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestSyntaxTest {
  @ParameterizedTest
  @ValueSource(strings = {"GET", "POST", "M-SEARCH", "x-note", "a!#$%&'*+.^_`|~1"})
  void acceptsTokens(String text) {
    assertThat(RequestSyntax.isToken(text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "PO ST", "GET\t", "GE\u0000T", "a:b", "a/b", "(x)", "caf\u00e9", "\u0141"})
  void refusesWhatIsNoToken(String text) {
    assertThat(RequestSyntax.isToken(text)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "*",
        "/pkg.Service/Method",
        "/a?b=c&d=%20",
        "/a//b/../c",
        "/\u00fc",
        "/a{b}|"
      })
  void acceptsPaths(String text) {
    assertThat(RequestSyntax.isPath(text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a",
        "?x",
        "**",
        "*/a",
        "/a b",
        "/a\u0000",
        "/a\tb",
        "/a\u007f",
        "/a#b",
        "http://a/b",
        "/\u0141",
        " /a",
        "/a\r\nx"
      })
  void refusesWhatIsNoPath(String text) {
    assertThat(RequestSyntax.isPath(text)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "a.example",
        "A.Example.",
        "a_b:80",
        "a:",
        "1.2.3.4:65535",
        "[::1]",
        "[::1]:8080",
        "[fe80::1%25eth0]",
        "%2Ftmp%2Fsocket",
        "x-1~.y",
        "a:0"
      })
  void acceptsAuthorities(String text) {
    assertThat(RequestSyntax.isAuthority(text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x y",
        "evil@x",
        "a:b@x:1",
        "a/b",
        "a?b",
        "a#b",
        "a\\b",
        ":80",
        "a:80:80",
        "a:65536",
        "a:123456",
        "a:8 0",
        "[",
        "[]",
        "[::1",
        "[::1]x",
        "::1",
        "a%2",
        "%zz",
        "a\u0000",
        "caf\u00e9",
        "\u0141",
        "a\t",
        "<x>",
        "a,b x",
        "p%61y.example",
        "a%2eexample"
      })
  void refusesWhatIsNoAuthority(String text) {
    assertThat(RequestSyntax.isAuthority(text)).isFalse();
  }

  @Test
  void comparesAuthoritiesWithoutCaseAndWithThePortOfTheScheme() {
    assertThat(RequestSyntax.isSameAuthority("A.example", "a.EXAMPLE", false)).isTrue();
    assertThat(RequestSyntax.isSameAuthority("a:80", "a", false)).isTrue();
    assertThat(RequestSyntax.isSameAuthority("a:", "a:443", true)).isTrue();
    assertThat(RequestSyntax.isSameAuthority("a:80", "a", true)).isFalse();
    assertThat(RequestSyntax.isSameAuthority("a:81", "a:82", false)).isFalse();
    assertThat(RequestSyntax.isSameAuthority("ab", "a", false)).isFalse();
    assertThat(RequestSyntax.isSameAuthority("[::1]", "[::1]:80", false)).isTrue();
  }
}
