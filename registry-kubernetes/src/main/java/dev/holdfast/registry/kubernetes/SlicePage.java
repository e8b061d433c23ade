package dev.holdfast.registry.kubernetes;

import java.util.List;

/**
 * One page of a list.
 *
 * @param version the resourceVersion of the list, from which a watch may begin
 * @param next where the list goes on, or "" when this is its end
 * @param malformed endpoints that were left out because they could not be read
 */
record SlicePage(List<Slice> slices, String version, String next, int malformed) {}
