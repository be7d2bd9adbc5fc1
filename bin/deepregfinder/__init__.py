"""DeepRegFinder-NF: promoters and enhancers, active and poised, from histone-mark ChIP-seq.

The library behind the pipeline's scripts: a package for each step. Data flows one way, and a
package imports only from those before it (tests/unit/test_package_order.py): genome, counting,
inputs, quality, signal, labels, models, prediction, evaluation, explain, report.
"""

__version__ = "0.1.0"
