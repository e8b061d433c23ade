package dev.holdfast.registry.kubernetes;

import java.util.List;

/**
 * A page of a list of EndpointSlices.
 *
 * @param version the resourceVersion of the list, from which a watch may begin
 * @param next the continue token, or "" on the last page
 * @param malformed the number of endpoints left out because they could not be parsed
 */
record SlicePage(List<Slice> slices, String version, String next, int malformed) {}
