package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.util.Map;
import java.util.TreeMap;

/** The pages of a list received so far; no page takes effect before the last one arrives. */
@PureCore
final class ListProgress {
  @Limit(of = "slices of one namespace or Service", then = "the list fails, the last one stays")
  static final int MAX_SLICES = 50_000;

  @Limit(of = "pages of one list", then = "the list fails, the last one stays")
  static final int MAX_PAGES = 1_000;

  private final Map<String, Slice> slices = new TreeMap<>();
  private int pages;
  private String next = "";

  void add(SlicePage page) {
    page.slices().forEach(slice -> slices.put(slice.name(), slice));
    pages++;
    next = page.next();
  }

  Map<String, Slice> slices() {
    return slices;
  }

  /** The continue token of the next page; "" before the first page and after the last one. */
  String next() {
    return next;
  }

  boolean isTooLarge() {
    return slices.size() > MAX_SLICES || pages > MAX_PAGES;
  }

  /** A description of the two limits, for the failure message of a list that exceeds them. */
  static String limits() {
    return "more than " + MAX_SLICES + " EndpointSlices or " + MAX_PAGES + " pages of them";
  }
}
