from hf_lstm.config.checks import suggest_names


def test_the_three_names_most_like_a_wrong_one_are_suggested_or_else_all():
    known = ["rates", "ratex", "ratey", "ratez", "epochs"]
    assert suggest_names("rate", known) == "did you mean ratez or ratey or ratex?"
    assert suggest_names("nothing", known) == f"there are: {', '.join(known)}"
