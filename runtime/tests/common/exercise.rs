//! An accepted model is run: it answers, keeps to what an answer is, and forgets what was before a reset.

use runtime::{
    Classifier, Error, InputKind, Logits, LongInput, Model, Prediction, Pushed, ResetPolicy, StreamClassifier,
    StreamSettings,
};

/// Words of state of the classifier of [`exercise`].
const CAPACITY: usize = 1 << 14;

/// Runs an accepted model on tokens and text, or on frames of these numbers, and checks what every answer must keep
/// to.
pub(crate) fn exercise(model: &Model<'_>, tokens: &[u32], text: &[u8]) {
    for long_input in [LongInput::Refuse, LongInput::Window] {
        let required = model.required_words();
        let expected = if required > CAPACITY {
            let required = u32::try_from(required).unwrap_or(u32::MAX);
            Some(Error::CapacityTooSmall { required, available: CAPACITY as u32 })
        } else {
            (long_input == LongInput::Window && !model.is_bidirectional()).then_some(Error::WindowOfStreaming)
        };
        match Classifier::with_long_input(model, [0; CAPACITY], long_input) {
            Ok(mut classifier) => {
                assert_eq!(expected, None);
                exercise_classifier(model, &mut classifier, tokens, text);
                assert!(model.work().answer > 0 && model.extensions().count() < 1000);
            }
            Err(error) => assert_eq!(Some(error), expected),
        }
    }
    exercise_stream(model, tokens, text);
}

/// Streams of the same tokens, text and frames: an answer after each hop, of a class that there is.
fn exercise_stream(model: &Model<'_>, tokens: &[u32], text: &[u8]) {
    let span = 3.min(StreamSettings::largest_span(model));
    for reset in [ResetPolicy::Continue, ResetPolicy::AfterAccepted] {
        let settings = StreamSettings { smoothing: 2, reset, ..StreamSettings::last(span, 2) };
        if settings.required_words(model) > CAPACITY {
            return;
        }
        let mut stream = StreamClassifier::new(model, settings, [0; CAPACITY]).unwrap();
        let (mut pushed, mut answers) = (0, 0);
        let mut count = |answer: Option<runtime::StreamAnswer<'_>>| {
            pushed += 1;
            answers += usize::from(answer.is_some());
            if let Some(answer) = answer {
                assert_eq!(model.label(answer.prediction.class), Some(answer.prediction.label));
                assert!((1..=span).contains(&answer.frames) && answer.prediction.probability.q15() <= 1 << 15);
            }
        };
        let channels = model.channels();
        if channels == 0 {
            tokens.iter().for_each(|token| count(stream.push_token(*token).unwrap()));
            assert_eq!(answers, pushed / 2);
            stream.push_bytes(text, |answer| assert!(answer.frames <= span)).unwrap();
        } else {
            let frames = tokens.chunks_exact(channels);
            frames.for_each(|frame| {
                let frame: Vec<i32> = frame.iter().map(|number| *number as i32).collect();
                count(stream.push_frame(&frame).unwrap());
            });
            assert_eq!(answers, pushed / 2);
        }
    }
}

fn exercise_classifier<'m>(
    model: &Model<'m>,
    classifier: &mut Classifier<'_, 'm, [u32; CAPACITY]>,
    tokens: &[u32],
    text: &[u8],
) {
    let mut answers = Vec::new();
    for is_asked in [true, false] {
        classifier.reset();
        let mut pushed = Vec::new();
        for (number, token) in tokens.iter().enumerate() {
            pushed.push(classifier.push_token(*token));
            if is_asked && number % 64 == 0 {
                classifier.predict();
            }
        }
        for part in text.chunks(text.len().div_ceil(2).max(1)) {
            pushed.push(classifier.push_bytes(part));
            if is_asked {
                classifier.predict();
            }
        }
        push_frames(classifier, model.channels(), tokens, &mut pushed);
        let begun = counted(model, classifier, &pushed);
        let before = answer(model, classifier);
        // What has begun ends, and is the step that it was taken for.
        pushed.push(classifier.push_bytes(b" "));
        let is_ended = begun == 1 && model.input_kind() != InputKind::Characters && classifier.refused_steps() == 0;
        assert_eq!(counted(model, classifier, &pushed), 0);
        let after = answer(model, classifier);
        assert!(!is_ended || before.logits == after.logits, "asked before a word's end");
        answers.push([before, after]);
    }
    assert_eq!(answers[0], answers[1], "a reset leaves something behind, or asking does");
}

/// Checks that a classifier counts what was pushed; how many steps more its answer is about.
fn counted(model: &Model<'_>, classifier: &Classifier<'_, '_, [u32; CAPACITY]>, pushed: &[Pushed]) -> u32 {
    let sum = |part: fn(&Pushed) -> u32| pushed.iter().map(part).sum::<u32>();
    assert_eq!(sum(|pushed| pushed.refused), classifier.refused_steps());
    let taken = sum(|pushed| pushed.taken).min(model.max_steps());
    let begun = classifier.steps() - taken;
    assert!(begun <= 1 && classifier.steps() <= model.max_steps());
    begun
}

/// An answer, and how many states there are to look at.
#[derive(Debug, PartialEq)]
struct Answer<'m> {
    prediction: Prediction<'m>,
    logits: Vec<Option<u32>>,
    steps: u32,
    refused: u32,
    states: usize,
}

fn answer<'m>(model: &Model<'m>, classifier: &mut Classifier<'_, 'm, [u32; CAPACITY]>) -> Answer<'m> {
    let prediction = classifier.predict();
    assert_eq!(model.label(prediction.class), Some(prediction.label));
    assert!(prediction.probability.q15() <= 1 << 15);
    let bits = |logits: Logits<'_>| (0..logits.len()).map(|class| logits.bits(class)).collect::<Vec<_>>();
    let logits = bits(classifier.logits());
    assert_eq!(logits.len(), model.labels().count());
    let mut states = 0;
    classifier.observe(|state| states += usize::from(state.step < 65_536));
    classifier.layer_state(0);
    assert_eq!(classifier.predict(), prediction);
    assert_eq!(bits(classifier.logits()), logits, "looking at states, or asking again, changes an answer");
    Answer { prediction, logits, steps: classifier.steps(), refused: classifier.refused_steps(), states }
}

/// Pushes frames of integers and of floats, with numbers of any size; adds what became of them to `pushed`.
fn push_frames(
    classifier: &mut Classifier<'_, '_, [u32; CAPACITY]>,
    channels: usize,
    numbers: &[u32],
    pushed: &mut Vec<Pushed>,
) {
    if channels == 0 {
        assert_eq!(classifier.push_frame(&[0]), Err(Error::NoFrames));
        assert_eq!(classifier.push_frame_i16(&[0]), Err(Error::NoFrames));
        assert_eq!(classifier.push_frame_f32(&[0.0]), Err(Error::NoFrames));
        return;
    }
    for numbers in numbers.chunks_exact(channels) {
        let integers: Vec<i32> = numbers.iter().map(|number| *number as i32).collect();
        let narrow: Vec<i16> = numbers.iter().map(|number| *number as i16).collect();
        let scale = if numbers[0].is_multiple_of(2) { 1e3 } else { 1e20 };
        let mut floats: Vec<f32> = integers.iter().map(|number| *number as f32 * scale).collect();
        pushed.push(classifier.push_frame(&integers).unwrap());
        pushed.push(classifier.push_frame_i16(&narrow).unwrap());
        pushed.push(classifier.push_frame_f32(&floats).unwrap());
        let last = floats.len() - 1;
        let right = std::mem::replace(&mut floats[last], f32::NAN);
        assert_eq!(classifier.push_frame_f32(&floats), Err(Error::NotFinite { channel: last as u32 }));
        floats[last] = right;
        floats.push(0.0);
        let error = Error::WrongChannels { expected: channels as u32, found: floats.len() as u32 };
        assert_eq!(classifier.push_frame_f32(&floats), Err(error));
        assert_eq!(
            classifier.push_frame(&vec![0; channels - 1]),
            Err(Error::WrongChannels { expected: channels as u32, found: channels as u32 - 1 })
        );
    }
}
