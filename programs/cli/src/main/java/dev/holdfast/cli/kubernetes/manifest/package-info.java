/**
 * The model of manifests: trees of nodes that are written as plain YAML or as the templates of a
 * Helm chart.
 */
@NullMarked
package dev.holdfast.cli.kubernetes.manifest;

import org.jspecify.annotations.NullMarked;
