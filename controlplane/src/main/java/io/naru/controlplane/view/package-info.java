/**
 * What people and programs are shown, as JSON: the API's answers, and what the command line reads
 * from the cnc file by itself when no control plane answers.
 */
package io.naru.controlplane.view;
