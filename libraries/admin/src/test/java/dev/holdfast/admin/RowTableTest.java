package dev.holdfast.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.hooks.StreamStatus;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Sort, filter and paging of many rows, and requests that mean no good. */
class RowTableTest {
  private static final int MANY = 100_000;
  private static final List<StreamRow> ROWS = rows(MANY);

  @Test
  void pagesOfEveryColumnShowEachRowOnceInOrder() {
    for (RowColumn<StreamRow> column : AdminTables.STREAMS.columns()) {
      for (boolean ascending : List.of(true, false)) {
        requireOrderedPages(column, ascending, ROWS.subList(0, 5_000));
      }
    }
  }

  @Test
  void pagesOfManyRowsShowEachRowOnceInOrder() {
    requireOrderedPages(AdminTables.STREAMS.natural(), false, ROWS);
  }

  private static void requireOrderedPages(
      RowColumn<StreamRow> column, boolean ascending, List<StreamRow> rows) {
    String token = "";
    StreamRow last = null;
    Set<String> seen = new HashSet<>();
    int pages = 0;
    do {
      RowTable.RowPage<StreamRow> page =
          AdminTables.STREAMS.select(
              new RowSelection(1_000, token, column.name(), ascending, List.of()), rows);
      assertThat(page.total()).isEqualTo(rows.size());
      assertThat(page.rows()).hasSize(1_000);
      for (StreamRow row : page.rows()) {
        assertThat(seen.add(row.status().id())).as(row.status().id()).isTrue();
        if (last != null) {
          int order = column.order().compare(last, row);
          assertThat(ascending ? order : -order).isLessThanOrEqualTo(0);
        }
        last = row;
      }
      token = page.next();
      pages++;
    } while (!token.isEmpty() && pages < 3);
    assertThat(seen).hasSize(3_000);
  }

  @Test
  void pagesToTheEndLoseNoRow() {
    Set<String> seen = new HashSet<>();
    String token = "";
    do {
      RowTable.RowPage<StreamRow> page =
          AdminTables.STREAMS.select(
              new RowSelection(99, token, "state", true, List.of()), ROWS.subList(0, 1_000));
      page.rows().forEach(row -> seen.add(row.status().id()));
      token = page.next();
    } while (!token.isEmpty());

    assertThat(seen).hasSize(1_000);
  }

  @Test
  void rowsThatGoBetweenPagesShiftNoOthers() {
    List<StreamRow> rows = new ArrayList<>(ROWS.subList(0, 100));
    RowSelection first = new RowSelection(40, "", "sent", false, List.of());
    RowTable.RowPage<StreamRow> page = AdminTables.STREAMS.select(first, rows);
    rows.removeAll(page.rows());

    RowTable.RowPage<StreamRow> next =
        AdminTables.STREAMS.select(
            new RowSelection(60, page.next(), "sent", false, List.of()), rows);

    assertThat(next.rows()).hasSize(60);
    assertThat(next.next()).isEmpty();
  }

  @Test
  void threadsThatShareTheRowsSelectThePageOfOne() {
    List<String> filters = List.of("state=ATTACHED");
    String token = "";
    for (int pages = 0; pages < 3; pages++) {
      RowSelection wanted = new RowSelection(100, token, "resumes", true, filters);
      RowTable.RowPage<StreamRow> expected = AdminTables.STREAMS.select(wanted, ROWS);

      RowTable<StreamRow>.RowSelector all = AdminTables.STREAMS.selector(wanted);
      for (int from = 0; from < MANY; from += MANY / 4) {
        RowTable<StreamRow>.RowSelector part = AdminTables.STREAMS.selector(wanted);
        ROWS.subList(from, from + MANY / 4).forEach(part::add);
        all.addAll(part);
      }

      assertThat(all.page()).isEqualTo(expected);
      token = expected.next();
    }
  }

  @Test
  void thereIsANextPageWhenThePartsHaveMoreThanOneTogether() {
    RowSelection wanted = new RowSelection(60, "", "sent", false, List.of());
    RowTable<StreamRow>.RowSelector all = AdminTables.STREAMS.selector(wanted);
    RowTable<StreamRow>.RowSelector part = AdminTables.STREAMS.selector(wanted);
    ROWS.subList(0, 40).forEach(all::add);
    ROWS.subList(40, 80).forEach(part::add);

    all.addAll(part);

    assertThat(all.page().rows()).hasSize(60);
    assertThat(all.page().next()).isNotEmpty();
  }

  @Test
  void filtersOfTextAndNumbersAllApply() {
    RowTable.RowPage<StreamRow> page =
        AdminTables.STREAMS.select(
            new RowSelection(
                1_000,
                "",
                "",
                false,
                List.of("state=DETACHED", "method~Talk", "sent>99000", "principal!=user-1")),
            ROWS);

    assertThat(page.matched()).isPositive().isLessThan(MANY);
    assertThat(page.total()).isEqualTo(MANY);
    assertThat(page.rows())
        .allSatisfy(
            row -> {
              assertThat(row.status().state()).isEqualTo("DETACHED");
              assertThat(row.status().positions().sent()).isGreaterThan(99_000);
              assertThat(row.status().principal()).isNotEqualTo("user-1");
            });
  }

  @Test
  void pageOfABillionRowsIsRefused() {
    assertThatThrownBy(() -> selection(1_000_000_000, "", "", List.of()))
        .hasMessage("page_size: 1000000000 (expected: 1 to 1000, or 0 for 100)");
    assertThatThrownBy(() -> selection(-1, "", "", List.of())).hasMessageContaining("page_size");
  }

  @Test
  void unknownSortKeyIsRefusedWithTheNearestOne() {
    assertThatThrownBy(() -> select(selection(10, "", "aked", List.of())))
        .hasMessage("sort: \"aked\" (expected: acked?)");
    assertThatThrownBy(() -> select(selection(10, "", "x'; drop table", List.of())))
        .hasMessageContaining("expected: one of id, role");
  }

  @Test
  void hostileFiltersAreRefused() {
    for (String filter :
        List.of("", "=", "state", "sent>many", "state>5", "x".repeat(100_000), "peer\u0000=1")) {
      assertThatThrownBy(() -> select(selection(10, "", "", List.of(filter))))
          .as(filter)
          .isInstanceOf(IllegalArgumentException.class)
          .satisfies(e -> assertThat(e.getMessage()).startsWith("filter: ").hasSizeLessThan(800));
    }
    assertThatThrownBy(() -> selection(10, "", "", Collections.nCopies(9, "state=ATTACHED")))
        .hasMessage("filters: 9 (expected: at most 8)");
  }

  @Test
  void hostilePageTokensAreRefused() {
    String other = select(new RowSelection(1, "", "acked", true, List.of())).next();
    String noNumber =
        Base64.getUrlEncoder()
            .encodeToString("sent\ndesc\nid\nmany".getBytes(StandardCharsets.UTF_8));
    for (String token : List.of("x", "\u0000", "A".repeat(5_000), other, noNumber, "////")) {
      assertThatThrownBy(() -> select(selection(10, token, "sent", List.of())))
          .as(token)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("page_token: ");
    }
  }

  private static RowTable.RowPage<StreamRow> select(RowSelection selection) {
    return AdminTables.STREAMS.select(selection, ROWS.subList(0, 100));
  }

  private static RowSelection selection(int size, String token, String sort, List<String> filters) {
    return new RowSelection(size, token, sort, false, filters);
  }

  private static Supplier<String> peer(int host, int port) {
    return () -> "10.0.0." + host + ":" + port;
  }

  private static List<StreamRow> rows(int count) {
    Random random = new Random(20);
    List<String> states = List.of("ATTACHED", "DETACHED", "RESUMING");
    List<StreamRow> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long sent = random.nextInt(count);
      rows.add(
          StreamRow.open(
              new StreamStatus(
                  i % 2 == 0,
                  0,
                  i,
                  peer(random.nextInt(250), i),
                  "user-" + random.nextInt(100),
                  random.nextBoolean() ? "chat.Chat/Talk" : "telemetry.Telemetry/Report",
                  states.get(random.nextInt(3)),
                  random.nextInt(20),
                  "cause " + random.nextInt(5),
                  random.nextInt(1_000_000),
                  new StreamStatus.StreamPositions(sent, sent / 2, sent / 3, random.nextInt(3)),
                  new StreamStatus.StreamTimes(
                      random.nextInt(1_000_000), random.nextInt(1_000), random.nextInt(10)))));
    }
    return rows;
  }
}
