package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.streams.SessionState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class SessionQueryTest {
  private static final List<SessionView> SESSIONS =
      IntStream.range(0, 25)
          .mapToObj(
              i -> session(i * 7 % 25, i % 5 == 0 ? SessionState.DETACHED : SessionState.ATTACHED))
          .toList();

  @Test
  void pagesShowEachSessionOnceInTheOrderOfIds() {
    List<String> seen = new ArrayList<>();
    String after = "";
    int pages = 0;
    do {
      SessionQuery.Page page = new SessionQuery(10, after, "", "", "").over(SESSIONS);
      page.sessions().forEach(session -> seen.add(session.id()));
      after = page.next();
      pages++;
    } while (!after.isEmpty() && pages < 10);

    assertThat(pages).isEqualTo(3);
    assertThat(seen).hasSize(25).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void pageThatHoldsTheLastSessionHasNoNext() {
    assertThat(new SessionQuery(25, "", "", "", "").over(SESSIONS).next()).isEmpty();
    assertThat(new SessionQuery(24, "", "", "", "").over(SESSIONS).next()).isNotEmpty();
  }

  @Test
  void totalsAreOfAllPagesAndStates() {
    SessionQuery.Page page = new SessionQuery(1, "", "", "DETACHED", "").over(SESSIONS);

    assertThat(page.sessions()).hasSize(1);
    assertThat(page.totals())
        .containsEntry(SessionState.DETACHED, 5L)
        .containsEntry(SessionState.ATTACHED, 20L);
  }

  @Test
  void otherMethodsAndPrincipalsAreNotCounted() {
    assertThat(new SessionQuery(0, "", "a.B/C", "", "").over(SESSIONS).totals()).isEmpty();
    assertThat(new SessionQuery(0, "", "", "", "p3").over(SESSIONS).sessions()).hasSize(1);
  }

  @Test
  void pagesAreBounded() {
    assertThatThrownBy(() -> new SessionQuery(1_001, "", "", "", ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("limit: 1001 (expected: 1 to 1000");
  }

  @Property
  void anyBytesAreAQueryOrRefused(@ForAll byte[] request) {
    try {
      assertThat(StreamsAdminCodec.query(request).limit()).isBetween(1, SessionQuery.MAX_PAGE);
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageMatching("(?s)(request|limit|state): .*");
    }
  }

  private static SessionView session(int number, SessionState state) {
    return new SessionView(
        "%032x".formatted(number),
        "",
        "p" + number,
        "x.Y/Z",
        state,
        1,
        "",
        0,
        0,
        0,
        0,
        0,
        Duration.ZERO,
        Duration.ZERO);
  }
}
