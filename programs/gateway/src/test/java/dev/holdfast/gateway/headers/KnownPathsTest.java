package dev.holdfast.gateway.headers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.route.RequestHead;
import dev.holdfast.gateway.route.Route;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.gateway.route.Router;
import io.netty.util.AsciiString;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class KnownPathsTest {
  private final KnownPaths paths = new KnownPaths();
  private int finds;

  @Test
  void equalPathsAreOneEntryAndOthersAreNot() {
    for (int i = 0; i < 5_000; i++) {
      AsciiString path = AsciiString.of("/p.S/M" + new Random(i).nextInt(1_000));
      KnownPaths.KnownPath known = paths.of(path);
      assertThat(known).isNotNull().isSameAs(paths.of(AsciiString.of(path.toString())));
    }
    assertThat(paths.of(AsciiString.of("/a"))).isNotSameAs(paths.of(AsciiString.of("/b")));
  }

  @Test
  void pathsThatNeedALookAreNotKnown() {
    for (String each :
        new String[] {"", "*", "a", "/a b", "/a/../b", "/a%2fb", "/a\\b", "/" + "a".repeat(256)}) {
      assertThat(paths.of(AsciiString.of(each))).as(each).isNull();
      assertThat(paths.of(AsciiString.of(each))).as(each + " again").isNull();
    }
    assertThat(paths.of("/text")).as("text of another class").isNull();
  }

  @Test
  void theRouteIsFoundOnceForEachAuthorityAndRouter() {
    Router router = router("one");
    assertThat(cluster("/p.S/M", router, "a")).isEqualTo("one");
    assertThat(cluster("/p.S/M", router, "a")).isEqualTo("one");
    assertThat(finds).isEqualTo(1);
    assertThat(cluster("/p.S/M", router, "b")).isEqualTo("one of b");
    assertThat(cluster("/p.S/M", router, "a")).isEqualTo("one");
    assertThat(finds).isEqualTo(3);
    assertThat(cluster("/p.S/M", router("two"), "a")).isEqualTo("two");
    assertThat(cluster("/p.S/N", router, "none")).isNull();
    assertThat(cluster("/p.S/N", router, "none")).isNull();
    assertThat(finds).isEqualTo(5);
    paths.clear();
    assertThat(cluster("/p.S/N", router, "none")).isNull();
    assertThat(finds).isEqualTo(6);
  }

  @Test
  void aLongAuthorityIsRoutedEachTimeAndReplacesNothing() {
    Router router = router("one");
    assertThat(cluster("/p.S/M", router, "a")).isEqualTo("one");
    for (int i = 0; i < 3; i++) {
      assertThat(cluster("/p.S/M", router, "l".repeat(257))).startsWith("one of l");
    }
    assertThat(cluster("/p.S/M", router, "a")).isEqualTo("one");
    assertThat(finds).isEqualTo(4);
  }

  private @Nullable String cluster(String path, Router router, String authority) {
    KnownPaths.KnownPath known = Objects.requireNonNull(paths.of(AsciiString.of(path)));
    Route route = known.route(router, new Asked(path, AsciiString.of(authority)));
    return route == null ? null : route.cluster();
  }

  private Router router(String name) {
    return head -> {
      finds++;
      String authority = head.authority().toString();
      return switch (authority) {
        case "none" -> null;
        case "a" -> new Route(name, name, RouteOptions.DEFAULT);
        default -> new Route(name, name + " of " + authority, RouteOptions.DEFAULT);
      };
    };
  }

  private record Asked(CharSequence path, CharSequence authority) implements RequestHead {
    @Override
    public @Nullable CharSequence header(CharSequence name) {
      throw new AssertionError(name + " was asked for");
    }
  }
}
