/**
 * Credentials for a Kubernetes API server: kubeconfig files, tokens, certificates and exec plugins.
 */
@NullMarked
package dev.holdfast.registry.kubernetes.internal.credentials;

import org.jspecify.annotations.NullMarked;
