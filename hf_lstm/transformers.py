"""Makes transformers load our models as it loads its own, once this module is imported.

A model's own files do the same for those who have no hf_lstm, with `trust_remote_code=True`.
"""

from typing import Any

from hf_lstm.extras import explained_imports

with explained_imports():
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer, PreTrainedTokenizerFast
    from transformers.pipelines import PIPELINE_REGISTRY

from hf_lstm.remote.configuration_hf_lstm import HFLSTMConfig
from hf_lstm.remote.modeling_hf_lstm import HFLSTMForSequenceClassification, HFLSTMTextClassificationPipeline

__all__ = ["LSTMConfig", "LSTMForSequenceClassification"]

_TASK = "text-classification"


class LSTMConfig(HFLSTMConfig):
    """Describes an LSTM classifier, without the files that would do in the place of this module."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{name: value for name, value in kwargs.items() if name != "custom_pipelines"})


class LSTMForSequenceClassification(HFLSTMForSequenceClassification):
    """Classifies token ids with an LSTM."""

    config_class = LSTMConfig


AutoConfig.register(LSTMConfig.model_type, LSTMConfig, exist_ok=True)
AutoModelForSequenceClassification.register(LSTMConfig, LSTMForSequenceClassification, exist_ok=True)
AutoTokenizer.register(LSTMConfig, fast_tokenizer_class=PreTrainedTokenizerFast, exist_ok=True)
# Of other models, the pipeline does what it did.
PIPELINE_REGISTRY.supported_tasks[_TASK]["impl"] = HFLSTMTextClassificationPipeline
